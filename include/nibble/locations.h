// SPDX-License-Identifier: Apache-2.0
// Where nibble finds what comes with it. A program that links an installed libnibble.so needs none of this.
#pragma once
#include <filesystem>

#include "nibble/visibility.h"

namespace nibble {

/// Each member that is empty leaves the usual search in effect.
struct Locations {
  /// The folder that holds `recipes` and `assets`; otherwise ../../share/nibble of the folder of libnibble_base.so, or the source tree
  /// where that library still lies in its build folder.
  std::filesystem::path data;
  /// The folder of the loadable modules (libnibble_torch.so, libnibble_image.so); otherwise $NIBBLE_MODULES, then the
  /// folder of libnibble_base.so.
  std::filesystem::path modules;
  /// The library of ONNX Runtime, a file; otherwise $NIBBLE_ONNXRUNTIME, then the places that `nibble doctor` lists.
  std::filesystem::path runtime;
};

/// Holds for the whole process from then on. Modules and runtime are loaded once, at first use: what was loaded before stays. May be called
/// by any thread, but a command that runs meanwhile may have looked already.
NIBBLE_EXPORT void set_locations(const Locations& locations);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Where nibble finds what comes with it. A program that lies beside an installed nibble needs none of this.
#pragma once
#include <filesystem>

namespace nibble {

/// Each member that is empty leaves the usual search in effect.
struct Locations {
  /// The folder that holds `recipes` and `assets`; otherwise ../share/nibble of the program's folder, or the source tree of a program that
  /// still lies in its build folder.
  std::filesystem::path data;
  /// The folder of the loadable modules (libnibble_torch.so, libnibble_image.so); otherwise $NIBBLE_MODULES, the program's folder, and
  /// ../lib/nibble of it.
  std::filesystem::path modules;
  /// The library of ONNX Runtime, a file; otherwise $NIBBLE_ONNXRUNTIME, then the places that `nibble doctor` lists.
  std::filesystem::path runtime;
};

/// Holds for the whole process from then on. Modules and runtime are loaded once, at first use: what was loaded before stays. May be called
/// by any thread, but a command that runs meanwhile may have looked already.
void set_locations(const Locations& locations);

}  // namespace nibble

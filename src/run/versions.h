// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "base/json.h"

namespace nibble {

/// One library: its version, or why it cannot be used.
struct LibraryState {
  std::string name;
  std::string version;  ///< empty: missing
  std::string detail;   ///< what else is known, or the reason
};
std::vector<LibraryState> library_states();

/// {nibble, compiler, LibTorch, ...}; a missing one is null.
Json library_versions();

}  // namespace nibble

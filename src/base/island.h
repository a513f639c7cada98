// SPDX-License-Identifier: Apache-2.0
// Islands: heavy libraries (LibTorch, OpenCV) live in shared modules that are loaded at first use, so that commands
// which need neither start fast. Executables export their symbols (ENABLE_EXPORTS), so that what an island shares with
// them (the interrupt flag of base/progress.h) exists once.
#pragma once
#include <string>

namespace nibble {

/// Loads `lib<library>.so` once and returns the address of `symbol`. Looks in $NIBBLE_ISLANDS when set, in the folder of the
/// executable, in its ../lib/nibble. Error(environment) naming the file, and the places or the loader's words, when it is missing.
void* island_symbol(const std::string& library, const std::string& symbol);

/// The same, as a function pointer: auto* f = island_function<Tensor(int)>("nibble_image", "...").
template <class Signature>
Signature* island_function(const std::string& library, const std::string& symbol) {
  return reinterpret_cast<Signature*>(island_symbol(library, symbol));
}

}  // namespace nibble

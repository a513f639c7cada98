// SPDX-License-Identifier: Apache-2.0
// Loadable modules: heavy libraries (LibTorch, OpenCV) live in shared modules that are loaded at first use, so that commands
// which need neither start fast. Executables export their symbols (ENABLE_EXPORTS), so that what an module shares with
// them (the interrupt flag of base/progress.h) exists once.
#pragma once
#include <string>

namespace nibble {

/// Loads `lib<library>.so` once and returns the address of `symbol`. Looks in $NIBBLE_MODULES when set, in the folder of the
/// executable, in its ../lib/nibble. Error(environment) naming the file, and the places or the loader's words, when it is missing.
void* module_symbol(const std::string& library, const std::string& symbol);

/// The same, as a function pointer: auto* f = module_function<Tensor(int)>("nibble_image", "...").
template <class Signature>
Signature* module_function(const std::string& library, const std::string& symbol) {
  return reinterpret_cast<Signature*>(module_symbol(library, symbol));
}

}  // namespace nibble

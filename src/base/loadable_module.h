// SPDX-License-Identifier: Apache-2.0
// Loadable modules: heavy libraries (LibTorch, OpenCV) live in shared modules that are loaded at first use, so that commands
// which need neither start fast. Program and modules are linked with the one libnibble_base.so, so that what they share (the interrupt
// flag of base/progress.h, the log) exists once.
#pragma once
#include <string>

namespace nibble {

/// Loads `lib<library>.so` once and returns the address of `symbol`. Looks in the folder that set_locations named, else in $NIBBLE_MODULES
/// when set, then in the folder of libnibble_base.so. Error(environment) naming the file, and the places or the loader's words, when it is
/// missing, and naming both builds when the file belongs to another one (base/build_id.h).
void* module_symbol(const std::string& library, const std::string& symbol);

/// The same, as a function pointer: auto* f = module_function<Tensor(int)>("nibble_image", "...").
template <class Signature>
Signature* module_function(const std::string& library, const std::string& symbol) {
  return reinterpret_cast<Signature*>(module_symbol(library, symbol));
}

/// Error(environment) where limits on memory leave too little for loading and using the module: asked before work that will need it.
/// Loading asks again.
void require_module_memory(const std::string& library);

}  // namespace nibble

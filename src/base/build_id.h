// SPDX-License-Identifier: Apache-2.0
// Which build a part of nibble belongs to. Program and loadable modules exchange C++ values, so they must have been compiled from the same
// headers, by the same compiler, with the same options.
#pragma once
#include <string>

namespace nibble {

/// "0.1.0-0123456789abcdef": the version, and a hash of compiler, options and headers (cmake/build_id.cmake).
std::string build_id();

/// What each loadable module exports: the same of itself.
using ModuleBuildIdFunction = const char*();
inline constexpr const char* kModuleBuildIdSymbol = "nibble_module_build_id";

}  // namespace nibble

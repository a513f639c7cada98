// SPDX-License-Identifier: Apache-2.0
// How deep JSON from elsewhere is nested. The parser takes any depth, but copying and printing a value goes one level of the stack down for
// each: a file of brackets would end the process.
#pragma once
#include <string_view>

namespace nibble {

/// Levels of arrays and objects in any JSON or YAML that is read.
inline constexpr int kMaxJsonDepth = 100;

/// Whether arrays and objects are nested more than `levels` deep. Brackets in strings do not count; text that is no JSON gives any answer.
bool is_nested_deeper_than(std::string_view json, int levels);

}  // namespace nibble

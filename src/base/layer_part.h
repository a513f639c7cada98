// SPDX-License-Identifier: Apache-2.0
// The part of a network that a layer belongs to, read from its name.
#pragma once
#include <cstddef>
#include <string>

namespace nibble {

/// The first `depth` words of a name, divided by '.' or '/': "model.8.m.0.cv1.conv" at 2 is "model.8", "/model.8/cv1/Conv" is
/// "/model.8".
inline std::string part_of(const std::string& layer, std::size_t depth) {
  constexpr const char* kSeparators = "./";
  std::size_t end = layer.find_first_not_of(kSeparators);
  for (; depth > 0; --depth) {
    end = layer.find_first_of(kSeparators, end);
    if (end == std::string::npos) return layer;
    if (depth > 1) ++end;
  }
  return layer.substr(0, end);
}

}  // namespace nibble

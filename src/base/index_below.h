// SPDX-License-Identifier: Apache-2.0
// A place on a line of numbers as an index.
#pragma once
#include <algorithm>
#include <cstddef>

namespace nibble {

/// `place` rounded towards zero, kept within 0..count - 1 (`count` at least 1): 0 for what is negative or not a number. Bounded before it
/// is converted, because the conversion of a number that std::size_t cannot hold has no defined result.
inline std::size_t index_below(double place, std::size_t count) {
  if (!(place > 0)) return 0;
  return static_cast<std::size_t>(std::min(place, static_cast<double>(count - 1)));
}

}  // namespace nibble

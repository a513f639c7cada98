// SPDX-License-Identifier: Apache-2.0
// What is asked of each of many values, as loops that become vector instructions.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace nibble {

struct Extent {
  float smallest = 0, largest = 0;
  bool is_finite = true;  ///< whether all values are; if not, the other two say nothing
};
/// Of the values and 0.
Extent extent_of(std::span<const float> values);

/// index_below(value * per_width + half, 2 * half) of each, the values finite and half at most 2^29. `indices` has as many elements.
void bins_of(std::span<const float> values, double per_width, std::size_t half, std::uint32_t* indices);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/value_rows.h"

#include <algorithm>
#include <bit>

#include "base/vector_clones.h"

namespace nibble {
namespace {

constexpr std::int32_t kMagnitude = 0x7FFFFFFF, kInfinity = 0x7F800000;

/// Orders as the floats do, and whatever is not a number outside both infinities; its own inverse on the bits.
std::int32_t ordered(std::int32_t bits) { return bits ^ (bits >> 31 & kMagnitude); }

NIBBLE_VECTOR_CLONES void find_extent(const float* values, std::size_t count, std::int32_t& smallest, std::int32_t& largest) {
  std::int32_t low = 0, high = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t value = ordered(std::bit_cast<std::int32_t>(values[i]));
    low = std::min(low, value);
    high = std::max(high, value);
  }
  smallest = low;
  largest = high;
}

NIBBLE_VECTOR_CLONES void find_bins(const float* values, std::size_t count, double per_width, double half, std::uint32_t* indices) {
  const double last = 2 * half - 1;
  for (std::size_t i = 0; i < count; ++i) {
    const double place = static_cast<double>(values[i]) * per_width + half, above = place > 0 ? place : 0;
    indices[i] = static_cast<std::uint32_t>(static_cast<std::int32_t>(above < last ? above : last));
  }
}

}  // namespace

Extent extent_of(std::span<const float> values) {
  std::int32_t smallest = 0, largest = 0;
  find_extent(values.data(), values.size(), smallest, largest);
  const float low = std::bit_cast<float>(ordered(smallest)), high = std::bit_cast<float>(ordered(largest));
  return {low == 0 ? 0 : low, high, smallest > ordered(static_cast<std::int32_t>(0x80000000U | kInfinity)) && largest < kInfinity};
}

void bins_of(std::span<const float> values, double per_width, std::size_t half, std::uint32_t* indices) {
  find_bins(values.data(), values.size(), per_width, static_cast<double>(half), indices);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/half_rows.h"

#include <algorithm>

#include "base/vector_clones.h"

namespace nibble {
namespace {

/// The largest of their bits without the sign.
NIBBLE_VECTOR_CLONES std::uint32_t convert(const float* from, std::size_t count, Half* to) {
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < count; ++i) {
    to[i] = to_half(from[i]);
    most = std::max(most, std::bit_cast<std::uint32_t>(from[i]) & 0x7FFFFFFFU);
  }
  return most;
}

NIBBLE_VECTOR_CLONES void convert(const Half* from, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] = to_float(from[i]);
}

}  // namespace

bool to_halves(std::span<const float> from, Half* to) {
  constexpr std::uint32_t kRoundsToInfinity = 0x477FF000U;  // 65520
  return convert(from.data(), from.size(), to) < kRoundsToInfinity;
}

void to_floats(std::span<const Half> from, float* to) { convert(from.data(), from.size(), to); }

}  // namespace nibble

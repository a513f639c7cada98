// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/column_blocks.h"

#include <cstring>

#include "base/vector_clones.h"

namespace nibble {
namespace {

/// Half a Lane as a vector by type, which compilers keep in registers.
using HalfLane [[gnu::vector_size(kLanes / 2 * sizeof(float)), gnu::may_alias]] = float;

}  // namespace

NIBBLE_VECTOR_CLONES void subtract_errors(const float* factor, std::int64_t columns, const ColumnBlock& block, const Lane* errors,
                                          Lane* work) {
  constexpr std::int64_t kTile = 16;   // columns whose part of the factor is copied at once
  constexpr std::int64_t kAtOnce = 4;  // of them, whose sums stay in registers
  const std::int64_t count = block.last - block.first;
  factor += block.first * columns;
  std::int64_t k = block.last;
  for (; k + kTile <= columns; k += kTile) {
    std::array<std::array<float, kTile>, kColumnsPerBlock> tile;  // since rows of a large factor push each other out of the cache
    for (std::int64_t j = 0; j < count; ++j) std::memcpy(tile[j].data(), factor + j * columns + k, sizeof tile[j]);
    for (std::int64_t c = 0; c < kTile; c += kAtOnce) {
      auto* const left = reinterpret_cast<HalfLane*>(work + k + c);
      HalfLane a0 = left[0], a1 = left[1], b0 = left[2], b1 = left[3], c0 = left[4], c1 = left[5], d0 = left[6], d1 = left[7];
      for (std::int64_t j = 0; j < count; ++j) {
        const auto* const error = reinterpret_cast<const HalfLane*>(errors + j);
        const float* const row = tile[j].data() + c;
        a0 -= row[0] * error[0], a1 -= row[0] * error[1];
        b0 -= row[1] * error[0], b1 -= row[1] * error[1];
        c0 -= row[2] * error[0], c1 -= row[2] * error[1];
        d0 -= row[3] * error[0], d1 -= row[3] * error[1];
      }
      left[0] = a0, left[1] = a1, left[2] = b0, left[3] = b1, left[4] = c0, left[5] = c1, left[6] = d0, left[7] = d1;
    }
  }
  for (; k < columns; ++k)
    for (std::int64_t j = 0; j < count; ++j)
      for (std::int64_t i = 0; i < kLanes; ++i) work[k][i] -= factor[j * columns + k] * errors[j][i];
}

}  // namespace nibble

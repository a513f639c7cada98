// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/column_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace nibble {
namespace {

/// Whole tiles of 16 columns, parts of one and none; whole blocks and shorter ones.
TEST(SubtractErrors, GivesTheBitsOfOneColumnAfterTheOther) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  for (const std::int64_t columns : {1, 7, 16, 17, 32, 33, 50}) {
    std::vector<float> factor(static_cast<std::size_t>(columns * columns));
    for (float& value : factor) value = normal(random);
    for (std::int64_t first = 0; first < columns; first += kColumnsPerBlock) {
      const ColumnBlock block{first, std::min(first + kColumnsPerBlock, columns)};
      std::vector<Lane> work(static_cast<std::size_t>(columns)), errors(static_cast<std::size_t>(block.last - first));
      for (auto* lanes : {&work, &errors})
        for (Lane& lane : *lanes)
          for (float& value : lane) value = normal(random);
      std::vector<Lane> expected = work;
      for (std::int64_t j = first; j < block.last; ++j)
        for (std::int64_t k = block.last; k < columns; ++k)
          for (std::int64_t i = 0; i < kLanes; ++i) expected[k][i] -= factor[j * columns + k] * errors[j - first][i];
      subtract_errors(factor.data(), columns, block, errors.data(), work.data());
      EXPECT_TRUE(work == expected) << columns << " columns, block from " << first;
    }
  }
}

}  // namespace
}  // namespace nibble

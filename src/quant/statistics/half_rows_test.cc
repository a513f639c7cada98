// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/half_rows.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <vector>

namespace nibble {
namespace {

TEST(HalfRows, ManyAtOnceAreTheSameNumbers) {
  std::vector<Half> patterns;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) patterns.push_back(Half{static_cast<std::uint16_t>(bits)});
  std::vector<float> values(patterns.size());
  to_floats(patterns, values.data());
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_EQ(std::bit_cast<std::uint32_t>(values[i]), std::bit_cast<std::uint32_t>(to_float(patterns[i]))) << i;

  std::vector<float> between;  // 1013 shares no factor with the number of floats, so that all exponents and signs come
  for (std::uint64_t i = 0; i < 100003; ++i) between.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(i * 42949 * 1013)));
  std::vector<Half> rounded(between.size());
  EXPECT_FALSE(to_halves(between, rounded.data()));
  for (std::size_t i = 0; i < between.size(); ++i) ASSERT_EQ(rounded[i].bits, to_half(between[i]).bits) << between[i];
}

TEST(HalfRows, SaysWhetherAllAreFinite) {
  std::vector<float> values(37, -65519.0F);
  std::vector<Half> halves(values.size());
  EXPECT_TRUE(to_halves(values, halves.data()));
  EXPECT_TRUE(to_halves({}, nullptr));
  for (const float bad : {65520.0F, -65520.0F, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
    for (const std::size_t at : {0, 20, 36}) {
      std::vector<float> with_bad = values;
      with_bad[at] = bad;
      EXPECT_FALSE(to_halves(with_bad, halves.data())) << bad << " at " << at;
    }
}

}  // namespace
}  // namespace nibble

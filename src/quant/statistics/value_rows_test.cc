// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/value_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "base/index_below.h"

namespace nibble {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();

TEST(ValueRows, TheExtentSpansZeroAndAllValues) {
  const auto extent = [](const std::vector<float>& values) {
    const Extent found = extent_of(values);
    EXPECT_TRUE(found.is_finite);
    return std::pair(found.smallest, found.largest);
  };
  EXPECT_EQ(extent({}), std::pair(0.0F, 0.0F));
  EXPECT_EQ(extent({3, 1, 2}), std::pair(0.0F, 3.0F));
  EXPECT_EQ(extent({-3, -1, -2}), std::pair(-3.0F, 0.0F));
  EXPECT_FALSE(std::signbit(extent({-0.0F}).first));
  const float least = std::numeric_limits<float>::denorm_min(), most = std::numeric_limits<float>::max();
  EXPECT_EQ(extent({least, -least}), std::pair(-least, least));
  EXPECT_EQ(extent({most, -most}), std::pair(-most, most));
  std::vector<float> many(1003, 0.5F);
  many[1001] = -7;
  many[500] = 9;
  EXPECT_EQ(extent(many), std::pair(-7.0F, 9.0F));
}

TEST(ValueRows, OneValueThatIsNotFiniteIsSeenWhereverItStands) {
  for (const float bad : {kInfinity, -kInfinity, kNan, -kNan})
    for (std::size_t at : {0U, 37U, 99U}) {
      std::vector<float> values(100, 1);
      values[at] = bad;
      EXPECT_FALSE(extent_of(values).is_finite) << bad << " at " << at;
    }
}

TEST(ValueRows, BinsAreThoseOfIndexBelow) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 2);
  std::vector<float> values = {0, -0.0F, 1e30F, -1e30F, 4, -4, 3.9999998F, -3.9999998F};
  for (int i = 0; i < 5000; ++i) values.push_back(normal(random));
  constexpr std::size_t kHalf = 64;
  constexpr double kPerWidth = kHalf / 4.0;
  std::vector<std::uint32_t> indices(values.size());
  bins_of(values, kPerWidth, kHalf, indices.data());
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(indices[i], index_below(static_cast<double>(values[i]) * kPerWidth + kHalf, 2 * kHalf)) << values[i];
}

}  // namespace
}  // namespace nibble

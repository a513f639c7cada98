// SPDX-License-Identifier: Apache-2.0
#include "quant/silu_range.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "nibble/error.h"

namespace nibble {
namespace {

/// Evenly from `low` to `high`.
std::vector<float> ramp(float low, float high) {
  constexpr int kCount = 20001;
  std::vector<float> values;
  for (int i = 0; i < kCount; ++i) values.push_back(low + (high - low) * static_cast<float>(i) / (kCount - 1));
  return values;
}

OutputRange range_of(const std::vector<float>& values) {
  SiluHistogram histogram;
  histogram.add(values);
  return histogram.best_range();
}

TEST(SiluRange, SpendsNoCodesWhereSiluIsZero) {
  const auto range = range_of(ramp(-100, 4));
  EXPECT_GE(range.low, -8);
  EXPECT_LE(range.low, -2);
  EXPECT_NEAR(range.high, 4, 0.5);
}

TEST(SiluRange, CoversWhatIsThere) {
  const auto range = range_of(ramp(-0.5F, 2));
  EXPECT_FLOAT_EQ(range.low, -0.5F);
  EXPECT_NEAR(range.high, 2, 0.1);
}

TEST(SiluRange, ClipsOneOutlierAmongAMillion) {
  SiluHistogram histogram;
  for (int i = 0; i < 50; ++i) histogram.add(ramp(-2, 2));
  histogram.add(std::vector<float>{20});
  EXPECT_LT(histogram.best_range().high, 15);
  EXPECT_GE(histogram.best_range().high, 5);
}

TEST(SiluRange, OutputsOfOneSignKeepZero) {
  EXPECT_EQ(range_of(ramp(-3, -1)).high, 0);
  EXPECT_EQ(range_of(ramp(1, 3)).low, 0);
  const auto nothing = range_of({0, 0, 0});
  EXPECT_LT(nothing.low, nothing.high) << "a scale must be positive";
}

TEST(SiluRange, HugeValuesCostNoMemory) {
  const auto range = range_of({1e30F, -1e30F, 1});
  EXPECT_TRUE(std::isfinite(range.high));
  EXPECT_GT(range.high, 1e29F);
}

TEST(SiluRange, RefusesWhatIsNotFiniteAndNothing) {
  SiluHistogram histogram;
  EXPECT_THROW(histogram.best_range(), Error);
  EXPECT_THROW(histogram.add(std::vector<float>{std::numeric_limits<float>::infinity()}), Error);
}

}  // namespace
}  // namespace nibble

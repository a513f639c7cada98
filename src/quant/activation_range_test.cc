// SPDX-License-Identifier: Apache-2.0
#include "quant/activation_range.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "nibble/error.h"

namespace nibble {
namespace {

std::vector<float> normals(std::size_t count) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

TEST(ActivationRange, MinMaxIsTheLargestMagnitude) {
  MagnitudeHistogram histogram;
  histogram.add(std::vector<float>{0, -6.35F, 2});
  EXPECT_FLOAT_EQ(choose_scale(histogram, QuantSpec{}, {.range = RangeMethod::minmax}), 6.35F / 127);
}

TEST(ActivationRange, OrderAndPortionsDoNotMatterBeyondABin) {
  const std::vector<float> values = normals(100000);
  MagnitudeHistogram whole, parts;
  whole.add(values);
  for (std::size_t i = 0; i < values.size(); i += 1000) parts.add({values.data() + i, 1000});
  EXPECT_EQ(whole.count(), parts.count());
  EXPECT_NEAR(whole.percentile(99), parts.percentile(99), 0.01);
  EXPECT_NEAR(whole.percentile(99), 2.576, 0.05);  // two-sided normal quantile
}

TEST(ActivationRange, MseClipsOutliers) {
  std::vector<float> values = normals(100000);
  values.push_back(100);
  MagnitudeHistogram histogram;
  histogram.add(values);
  const float mse = choose_scale(histogram, QuantSpec{.bits = 4}, {.range = RangeMethod::mse});
  EXPECT_LT(mse * 7, 5);
  EXPECT_GT(mse * 7, 1.5);
}

TEST(ActivationRange, RoundingMseIsThatOfUniformNoise) {
  std::vector<float> values(200000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / static_cast<float>(values.size());
  MagnitudeHistogram histogram;
  histogram.add(values);
  const double step = 1.0 / 127;
  EXPECT_NEAR(histogram.rounding_mse(step, QuantSpec{}), step * step / 12, 0.02 * step * step / 12);
}

TEST(ActivationRange, ZerosFirstThenValues) {
  MagnitudeHistogram histogram;
  histogram.add(std::vector<float>(90, 0.0F));
  histogram.add(std::vector<float>(10, 1.0F));
  EXPECT_EQ(histogram.count(), 100U);
  EXPECT_LT(histogram.percentile(90), 0.01);
  EXPECT_NEAR(histogram.percentile(91), 1, 0.01);
}

TEST(ActivationRange, OnlyZerosGiveScaleOne) {
  MagnitudeHistogram histogram;
  histogram.add(std::vector<float>(5, 0.0F));
  EXPECT_EQ(choose_scale(histogram, QuantSpec{}, {}), 1.0F);
}

TEST(ActivationRange, RefusesValuesThatAreNotFinite) {
  MagnitudeHistogram histogram;
  EXPECT_THROW(histogram.add(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}), Error);
  EXPECT_THROW(histogram.add(std::vector<float>{std::numeric_limits<float>::infinity()}), Error);
}

}  // namespace
}  // namespace nibble

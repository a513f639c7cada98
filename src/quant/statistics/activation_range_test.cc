// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/activation_range.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "nibble/error.h"

namespace nibble {
namespace {

ActivationRecipe ranged(RangeMethod range, bool symmetric) { return {.bits = 8, .range = range, .symmetric = symmetric}; }
float scale_of(const QuantParams& params) { return params.scale.as<float>()[0]; }
int zero_point_of(const QuantParams& params) { return params.zero_point.as<std::int8_t>()[0]; }

std::vector<float> normals(std::size_t count) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

TEST(ActivationRange, MinMaxIsTheLargestMagnitude) {
  ValueHistogram histogram;
  histogram.add(std::vector<float>{0, -6.35F, 2});
  const QuantParams params = choose_range(histogram, QuantSpec{}, ranged(RangeMethod::minmax, true));
  EXPECT_FLOAT_EQ(scale_of(params), 6.35F / 127);
  EXPECT_EQ(zero_point_of(params), 0);
}

TEST(ActivationRange, AsymmetricSpendsAllCodesBetweenTheEnds) {
  ValueHistogram histogram;
  histogram.add(std::vector<float>{0, -0.25F, 1, 5});
  const QuantParams params = choose_range(histogram, QuantSpec{}, ranged(RangeMethod::minmax, false));
  EXPECT_FLOAT_EQ(scale_of(params), 5.25F / 255);
  EXPECT_EQ(zero_point_of(params), -128 + 12);  // 0.25 / (5.25 / 255) = 12.1
}

TEST(ActivationRange, PixelsAreExact) {
  ValueHistogram histogram;
  std::vector<float> pixels;
  for (int i = 0; i < 256; ++i) pixels.push_back(static_cast<float>(i) / 255);
  histogram.add(pixels);
  const QuantParams params = choose_range(histogram, QuantSpec{}, ranged(RangeMethod::minmax, false));
  EXPECT_FLOAT_EQ(scale_of(params), 1.0F / 255);
  EXPECT_EQ(zero_point_of(params), -128);
}

TEST(ActivationRange, ValuesOnOneSideKeepZero) {
  ValueHistogram histogram;
  histogram.add(std::vector<float>{-3, -2});
  for (const auto range : {RangeMethod::minmax, RangeMethod::percentile, RangeMethod::mse}) {
    const QuantParams params = choose_range(histogram, QuantSpec{}, ranged(range, false));
    EXPECT_NEAR(scale_of(params), 3.0F / 255, 0.0006);
    EXPECT_EQ(zero_point_of(params), 127);
  }
}

TEST(ActivationRange, ZeroPointHalvesTheStepBehindSilu) {
  std::vector<float> values = normals(100000);
  for (float& value : values) value = 4 * value / (1 + std::exp(-4 * value));
  ValueHistogram histogram;
  histogram.add(values);
  const QuantParams symmetric = choose_range(histogram, QuantSpec{}, ranged(RangeMethod::mse, true));
  const QuantParams asymmetric = choose_range(histogram, QuantSpec{}, ranged(RangeMethod::mse, false));
  const double before = histogram.rounding_mse(scale_of(symmetric), 0, QuantSpec{});
  EXPECT_LT(histogram.rounding_mse(scale_of(asymmetric), zero_point_of(asymmetric), QuantSpec{}), before / 3);
}

TEST(ActivationRange, PercentileOfAsymmetricValuesCutsBothTails) {
  std::vector<float> values;
  for (int i = 0; i <= 1000; ++i) values.push_back(static_cast<float>(i) / 100 - 2);  // -2..8
  ValueHistogram histogram;
  histogram.add(values);
  ActivationRecipe recipe = ranged(RangeMethod::percentile, false);
  recipe.percentile = 90;
  const QuantParams params = choose_range(histogram, QuantSpec{}, recipe);
  EXPECT_NEAR(scale_of(params), 8.0F / 255, 0.001);  // -1..7
  EXPECT_NEAR(zero_point_of(params), -128 + 32, 1);
}

TEST(ActivationRange, OrderAndPortionsDoNotMatterBeyondABin) {
  const std::vector<float> values = normals(100000);
  ValueHistogram whole, parts;
  whole.add(values);
  for (std::size_t i = 0; i < values.size(); i += 1000) parts.add({values.data() + i, 1000});
  EXPECT_EQ(whole.count(), parts.count());
  EXPECT_NEAR(whole.magnitude_percentile(99), parts.magnitude_percentile(99), 0.01);
  EXPECT_NEAR(whole.magnitude_percentile(99), 2.576, 0.05);  // two-sided normal quantile
}

TEST(ActivationRange, MseClipsOutliers) {
  std::vector<float> values = normals(100000);
  values.push_back(100);
  ValueHistogram histogram;
  histogram.add(values);
  const float mse = scale_of(choose_range(histogram, QuantSpec{.bits = 4}, ranged(RangeMethod::mse, true)));
  EXPECT_LT(mse * 7, 5);
  EXPECT_GT(mse * 7, 1.5);
}

TEST(ActivationRange, RoundingMseIsThatOfUniformNoise) {
  std::vector<float> values(200000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / static_cast<float>(values.size());
  ValueHistogram histogram;
  histogram.add(values);
  const double step = 1.0 / 127;
  EXPECT_NEAR(histogram.rounding_mse(step, 0, QuantSpec{}), step * step / 12, 0.02 * step * step / 12);
}

TEST(ActivationRange, ZerosFirstThenValues) {
  ValueHistogram histogram;
  histogram.add(std::vector<float>(90, 0.0F));
  histogram.add(std::vector<float>(10, 1.0F));
  EXPECT_EQ(histogram.count(), 100U);
  EXPECT_LT(histogram.magnitude_percentile(90), 0.01);
  EXPECT_NEAR(histogram.magnitude_percentile(91), 1, 0.01);
}

TEST(ActivationRange, OnlyZerosGiveScaleOne) {
  ValueHistogram histogram;
  histogram.add(std::vector<float>(5, 0.0F));
  const QuantParams params = choose_range(histogram, QuantSpec{}, {});
  EXPECT_EQ(scale_of(params), 1.0F);
  EXPECT_EQ(zero_point_of(params), 0);
}

TEST(ActivationRange, RefusesValuesThatAreNotFinite) {
  ValueHistogram histogram;
  EXPECT_THROW(histogram.add(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}), Error);
  EXPECT_THROW(histogram.add(std::vector<float>{std::numeric_limits<float>::infinity()}), Error);
}

}  // namespace
}  // namespace nibble

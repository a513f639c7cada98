// SPDX-License-Identifier: Apache-2.0
#include "compare/layer_drift.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "support/scratch.h"

namespace nibble {
namespace {
using test::expect_error;

constexpr double kTolerance = 1e-9;

Tensor map_of(std::vector<float> values, std::int64_t channels = 1) {
  const auto run = static_cast<std::int64_t>(values.size()) / channels;
  return Tensor::of<float>({1, channels, run, 1}, std::move(values));
}

LayerDrift drift_of(const Tensor& a, const Tensor& b) {
  DriftMeter meter;
  meter.add("l", a, b);
  return meter.result("l");
}

TEST(LayerDrift, EqualIsEqual) {
  const auto x = map_of({0.1F, -0.7F, 3, 5}, 2);
  const auto drift = drift_of(x, x);
  EXPECT_TRUE(drift.is_equal());
  EXPECT_EQ(drift.slope, 1);
  EXPECT_EQ(drift.noise_share + drift.mean_share + drift.gain_share, 0);
}

TEST(LayerDrift, HalvingIsGain) {
  const auto drift = drift_of(map_of({1, -1}), map_of({0.5F, -0.5F}));
  EXPECT_NEAR(drift.sqnr_db, 10 * std::log10(4), kTolerance);
  EXPECT_NEAR(drift.slope, 0.5, kTolerance);
  EXPECT_NEAR(drift.gain_share, 1, kTolerance);
}

TEST(LayerDrift, AMovedChannelIsMean) {
  const auto drift = drift_of(map_of({1, -1, 10, 12}, 2), map_of({2, 0, 9, 11}, 2));
  EXPECT_NEAR(drift.mean_share, 1, kTolerance);
  EXPECT_NEAR(drift.slope, 1, kTolerance);
  EXPECT_NEAR(drift.sqnr_db, 0, kTolerance) << "4 of power around the means, 4 of error";
}

TEST(LayerDrift, ALargeMeanIsNoSignal) {
  const auto drift = drift_of(map_of({101, 99}), map_of({100, 100}));
  EXPECT_NEAR(drift.sqnr_db, 0, kTolerance);
}

TEST(LayerDrift, SharesAddUpAndSumsGoOverImages) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  const auto draw = [&](float scale) {
    std::vector<float> values(60);
    for (auto& v : values) v = scale * normal(random);
    return values;
  };
  DriftMeter together, reversed;
  std::vector<std::pair<Tensor, Tensor>> images;
  for (int i = 0; i < 3; ++i) {
    const auto a = draw(1), noise = draw(0.2F);
    auto b = a;
    for (std::size_t k = 0; k < b.size(); ++k) b[k] = 0.8F * b[k] + noise[k] + 0.3F;
    images.emplace_back(map_of(a, 3), map_of(b, 3));
  }
  for (const auto& [a, b] : images) together.add("l", a, b);
  for (auto it = images.rbegin(); it != images.rend(); ++it) reversed.add("l", it->first, it->second);
  const auto drift = together.result("l");
  EXPECT_NEAR(drift.mean_share + drift.gain_share + drift.noise_share, 1, kTolerance);
  EXPECT_NEAR(drift.slope, 0.8, 0.05);
  EXPECT_GT(drift.mean_share, 0.3);
  EXPECT_NEAR(drift.sqnr_db, reversed.result("l").sqnr_db, kTolerance);
}

TEST(LayerDrift, SaysWhenANumberIsNotFinite) {
  const auto drift = drift_of(map_of({1, 2}), map_of({1, std::numeric_limits<float>::quiet_NaN()}));
  EXPECT_FALSE(drift.is_finite);
  EXPECT_FALSE(drift.is_equal());
  EXPECT_FALSE(drift.drop_db());
}

TEST(LayerDrift, AcceptsHalfAndRefusesOtherShapes) {
  const auto x = map_of({1, 2});
  EXPECT_TRUE(drift_of(x, x.to(DType::f16)).is_equal());
  expect_error(ErrorKind::input, {"layer l", "not the same network"}, [&] { drift_of(x, map_of({1, 2, 3})); });
}

TEST(LayerDrift, TheDropIsAgainstWhatFeedsIt) {
  LayerDrift drift;
  drift.sqnr_db = 12;
  EXPECT_FALSE(drift.drop_db()) << "fed by the image";
  drift.inherited_db = 20;
  EXPECT_EQ(*drift.drop_db(), 8);
  drift.inherited_db = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(drift.drop_db()) << "fed by equal layers";
}

}  // namespace
}  // namespace nibble

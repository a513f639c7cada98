// SPDX-License-Identifier: Apache-2.0
#include "data/augment.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "data/keyed_random.h"
#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

/// Mean and range of `field` over many samples.
struct Spread {
  double low = std::numeric_limits<double>::infinity(), high = -low, mean = 0;
};
template <class Field>
Spread spread(const AugmentOptions& options, Field field) {
  constexpr std::int64_t kSamples = 4000;
  Spread result;
  for (std::int64_t index = 0; index < kSamples; ++index) {
    const double value = field(draw_sample(options, 100, 7, 1, index));
    result.low = std::min(result.low, value);
    result.high = std::max(result.high, value);
    result.mean += value / kSamples;
  }
  return result;
}
void expect_spread(const Spread& found, double low, double high) {
  EXPECT_GE(found.low, low);
  EXPECT_LE(found.high, high);
  EXPECT_NEAR(found.low, low, 0.01 * (high - low));
  EXPECT_NEAR(found.high, high, 0.01 * (high - low));
  EXPECT_NEAR(found.mean, (low + high) / 2, 0.03 * (high - low));
}

TEST(KeyedRandom, DependsOnEveryPartOfTheKey) {
  const std::set<std::uint64_t> firsts = {KeyedRandom({0, 0}).next(), KeyedRandom({0, 1}).next(), KeyedRandom({1, 0}).next(),
                                          KeyedRandom({1, 1}).next(), KeyedRandom({0}).next(),    KeyedRandom({0, 0, 0}).next()};
  EXPECT_EQ(firsts.size(), 6U);
  EXPECT_EQ(KeyedRandom({3, 4}).next(), KeyedRandom({3, 4}).next());
}

/// The numbers of a run must not change with a compiler, a machine or a release.
TEST(KeyedRandom, KnownAnswers) {
  KeyedRandom random({1, 2});
  EXPECT_EQ(random.next(), 845739785462915981ULL);
  EXPECT_EQ(random.next(), 1365952010018902117ULL);
}

TEST(Augment, DrawsTheRangesOfTheOptions) {
  const AugmentOptions options;
  expect_spread(spread(options, [](const SamplePlan& plan) { return plan.scale; }), 0.5, 1.5);
  expect_spread(spread(options, [](const SamplePlan& plan) { return plan.centre[0]; }), 0.4, 0.6);
  expect_spread(spread(options, [](const SamplePlan& plan) { return plan.centre[1]; }), 0.4, 0.6);
  expect_spread(spread(options, [](const SamplePlan& plan) { return plan.join[0]; }), 0.5, 1.5);
  expect_spread(spread(options, [](const SamplePlan& plan) { return plan.join[1]; }), 0.5, 1.5);
  expect_spread(spread(options, [](const SamplePlan& plan) { return plan.colour.hue; }), -0.015, 0.015);
  expect_spread(spread(options, [](const SamplePlan& plan) { return plan.colour.saturation; }), -0.7, 0.7);
  expect_spread(spread(options, [](const SamplePlan& plan) { return plan.colour.brightness; }), -0.4, 0.4);
  expect_spread(spread(options, [](const SamplePlan& plan) { return plan.flip ? 1 : 0; }), 0, 1);
  expect_spread(spread(options, [](const SamplePlan& plan) { return static_cast<double>(plan.images.at(2)); }), 0, 99);
}

TEST(Augment, MosaicsAsOftenAsAsked) {
  AugmentOptions options;
  options.mosaic = 0.25;
  EXPECT_NEAR(spread(options, [](const SamplePlan& plan) { return plan.images.size() == 4 ? 1 : 0; }).mean, 0.25, 0.03);
}

TEST(Augment, NoneIsThePlainImage) {
  for (std::int64_t index = 0; index < 50; ++index)
    EXPECT_EQ(draw_sample(no_augmentation(), 50, 1, 2, index), (SamplePlan{.images = {index}}));
}

TEST(Augment, DependsOnSeedEpochAndIndexAlone) {
  const auto plan = draw_sample({}, 100, 1, 2, 3);
  EXPECT_EQ(plan, draw_sample({}, 100, 1, 2, 3));
  EXPECT_NE(plan.scale, draw_sample({}, 100, 2, 2, 3).scale);
  EXPECT_NE(plan.scale, draw_sample({}, 100, 1, 3, 3).scale);
  EXPECT_NE(plan.scale, draw_sample({}, 100, 1, 2, 4).scale);
}

TEST(Augment, AnOrderIsAPermutationOfItsOwn) {
  const auto order = draw_order(1000, 1, 0);
  std::vector<std::int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) EXPECT_EQ(sorted[i], static_cast<std::int64_t>(i));
  EXPECT_NE(order, sorted);
  EXPECT_EQ(order, draw_order(1000, 1, 0));
  EXPECT_NE(order, draw_order(1000, 1, 1));
  EXPECT_NE(order, draw_order(1000, 2, 0));
  EXPECT_TRUE(draw_order(0, 1, 0).empty());
}

TEST(Augment, RefusesOptionsOutOfRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::pair<AugmentOptions, std::string>> cases = {
      {{.mosaic = 1.5}, "mosaic: 1.5"},  {{.flip = -0.1}, "flip: -0.1"}, {{.scale = 1}, "scale"},
      {{.translate = nan}, "translate"}, {{.hue = 2}, "hue: 2"},         {{.saturation = 1.1}, "saturation"},
      {{.brightness = -1}, "brightness"}};
  for (const auto& [options, why] : cases)
    expect_error(ErrorKind::usage, {"augmentation", why}, [&, given = options] { draw_sample(given, 1, 0, 0, 0); });
}

}  // namespace
}  // namespace nibble

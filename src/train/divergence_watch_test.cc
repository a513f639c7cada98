// SPDX-License-Identifier: Apache-2.0
#include "train/divergence_watch.h"

#include <limits>

#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;
using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Has seen `steps` losses of 10.
DivergenceWatch calm_watch(const DivergenceOptions& options, std::int64_t steps) {
  DivergenceWatch watch(options);
  for (std::int64_t step = 0; step < steps; ++step) EXPECT_FALSE(watch.observe(step, 10, 1));
  return watch;
}

TEST(DivergenceWatch, WhatIsNotFiniteIsAnEventAtOnce) {
  DivergenceWatch watch({});
  for (const double loss : {kNan, kInfinity, -kInfinity}) {
    const auto event = watch.observe(7, loss, 1);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->kind, Divergence::loss_not_finite);
    EXPECT_EQ(event->step, 7);
    EXPECT_THAT(event->text, HasSubstr("step 7"));
  }
  const auto event = watch.observe(8, 1, kNan);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, Divergence::gradient_not_finite);
  EXPECT_THAT(event->text, HasSubstr("nan"));
}

TEST(DivergenceWatch, AnExplosionIsALossOverTheFactorSeveralTimesInARow) {
  auto watch = calm_watch({.explosion_factor = 3, .explosion_steps = 2, .memory_steps = 5}, 5);
  EXPECT_FALSE(watch.observe(5, 30, 1)) << "not over the factor";
  watch = calm_watch({.explosion_factor = 3, .explosion_steps = 2, .memory_steps = 5}, 5);
  EXPECT_FALSE(watch.observe(5, 31, 1)) << "once";
  EXPECT_FALSE(watch.observe(6, 9, 1)) << "a good step breaks the row";
  EXPECT_FALSE(watch.observe(7, 31, 1));
  const auto event = watch.observe(8, 1e9, 1);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, Divergence::loss_explosion);
  EXPECT_THAT(event->text, HasSubstr("2 steps in a row"));
}

TEST(DivergenceWatch, TheBeginningIsNotJudged) {
  auto watch = calm_watch({.explosion_steps = 1, .memory_steps = 100}, 99);
  EXPECT_FALSE(watch.observe(99, 1000, 1));
}

TEST(DivergenceWatch, BeforeItsFirstStepOnlyWhatIsNotFiniteIsAnEvent) {
  auto watch = calm_watch({.explosion_steps = 1, .memory_steps = 5, .first_step = 50}, 40);
  EXPECT_FALSE(watch.observe(40, 1000, 1));
  EXPECT_TRUE(watch.observe(41, kNan, 1));
  for (std::int64_t step = 50; step < 55; ++step) EXPECT_FALSE(watch.observe(step, 1000, 1)) << "remembers nothing";
  EXPECT_TRUE(watch.observe(55, 6000, 1));
}

TEST(DivergenceWatch, ASlowRiseIsFollowed) {
  auto watch = calm_watch({.explosion_factor = 2, .explosion_steps = 1, .memory_steps = 10}, 10);
  double loss = 10;
  for (std::int64_t step = 10; step < 300; ++step) EXPECT_FALSE(watch.observe(step, loss *= 1.02, 1)) << step;
  EXPECT_NEAR(watch.state().mean_loss / loss, 1, 0.25);
}

TEST(DivergenceWatch, RollsBackSoOftenAndThenGivesUp) {
  auto watch = calm_watch({.explosion_steps = 1, .memory_steps = 1, .rollbacks = 2, .rate_factor = 0.5}, 2);
  const auto event = watch.observe(2, 1e6, 1);
  ASSERT_TRUE(event);
  EXPECT_DOUBLE_EQ(watch.roll_back(*event), 0.5);
  EXPECT_DOUBLE_EQ(watch.roll_back(*event), 0.25);
  expect_error(ErrorKind::numeric, {"diverged", "step 2", "2 rollbacks", "learning rate"}, [&] { watch.roll_back(*event); });
}

TEST(DivergenceWatch, ARestoredOneGoesOnTheSame) {
  const DivergenceOptions options{.explosion_factor = 3, .explosion_steps = 2, .memory_steps = 5};
  auto whole = calm_watch(options, 6);
  EXPECT_FALSE(whole.observe(6, 500, 1));
  DivergenceWatch second(options);
  second.restore(whole.state());
  EXPECT_TRUE(second.observe(7, 500, 1));
}

TEST(DivergenceWatch, RefusesOptionsOutOfRange) {
  const std::vector<std::pair<DivergenceOptions, std::string>> cases = {{{.explosion_factor = 1}, "explosion factor"},
                                                                        {{.explosion_factor = kNan}, "explosion factor"},
                                                                        {{.explosion_steps = 0}, "explosion steps"},
                                                                        {{.memory_steps = 0}, "memory steps"},
                                                                        {{.rollbacks = -1}, "rollbacks"},
                                                                        {{.rate_factor = 0}, "rate factor"}};
  for (const auto& [options, field] : cases)
    expect_error(ErrorKind::usage, {field}, [&, given = options] { DivergenceWatch watch(given); });
}

}  // namespace
}  // namespace nibble

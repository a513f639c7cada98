// SPDX-License-Identifier: Apache-2.0
#include "train/schedule.h"

#include <cmath>
#include <limits>

#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

TEST(Schedule, TheExampleOfTheHeader) {
  const Schedule schedule{.peak = 1, .steps = 10, .warmup_steps = 1, .final_fraction = 0};
  const std::vector<double> expected = {0.5, 1, 0.96, 0.85, 0.69, 0.5, 0.31, 0.15, 0.04, 0};
  for (std::size_t step = 0; step < expected.size(); ++step)
    EXPECT_NEAR(learning_rate(schedule, static_cast<std::int64_t>(step)), expected[step], 0.006) << step;
}

TEST(Schedule, WarmsUpInEqualStepsThenFallsToTheFinalFraction) {
  const Schedule schedule{.peak = 8e-3, .steps = 103, .warmup_steps = 3, .final_fraction = 0.25};
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 0), 2e-3);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 1), 4e-3);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 2), 6e-3);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 3), 8e-3);
  for (std::int64_t step = 4; step < 103; ++step) EXPECT_LT(learning_rate(schedule, step), learning_rate(schedule, step - 1)) << step;
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 102), 2e-3);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 1000), 2e-3) << "past the end";
}

TEST(Schedule, OneStepIsAtThePeak) { EXPECT_DOUBLE_EQ(learning_rate({.peak = 0.5, .steps = 1}, 0), 0.5); }

TEST(Schedule, RefusesWhatMakesNoSense) {
  const std::vector<std::pair<Schedule, std::string>> cases = {
      {{.peak = 0}, "learning rate"},
      {{.peak = std::numeric_limits<double>::quiet_NaN()}, "learning rate"},
      {{.peak = std::numeric_limits<double>::infinity()}, "learning rate"},
      {{.steps = 0}, "steps"},
      {{.steps = 4, .warmup_steps = 4}, "warm-up steps"},
      {{.steps = 4, .warmup_steps = -1}, "warm-up steps"},
      {{.final_fraction = 1.5}, "final fraction"},
      {{.final_fraction = std::numeric_limits<double>::quiet_NaN()}, "final fraction"}};
  for (const auto& [schedule, field] : cases)
    expect_error(ErrorKind::usage, {"schedule", field}, [&, given = schedule] { learning_rate(given, 0); });
}

}  // namespace
}  // namespace nibble

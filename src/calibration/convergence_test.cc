// SPDX-License-Identifier: Apache-2.0
#include "calibration/convergence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "support/scratch.h"

namespace nibble {
namespace {
using test::expect_error;

/// One channel whose mean square is `power`, largest magnitude sqrt(2 power).
Tensor image(double power) {
  const auto high = static_cast<float>(std::sqrt(2 * power));
  return Tensor::of<float>({1, 1, 1, 2}, {high, 0});
}

TEST(InputStatistics, TheErrorFallsWithTheRootOfTheNumber) {
  InputStatistics statistics;
  for (const double power : {1.0, 2.0, 3.0}) statistics.add(image(power));
  // Mean 2, sample variance 1.
  EXPECT_NEAR(statistics.moment_error(1), 0.5, 1e-6);
  EXPECT_NEAR(statistics.moment_error(4), 0.25, 1e-6);
  EXPECT_NEAR(statistics.moment_error(100), 0.05, 1e-6);
}

TEST(InputStatistics, EqualImagesAreKnownAtOnce) {
  InputStatistics statistics;
  for (int i = 0; i < 3; ++i) statistics.add(image(2));
  EXPECT_NEAR(statistics.moment_error(1), 0, 1e-6);
  EXPECT_NEAR(statistics.range_reached(1), 1, 1e-6);
}

/// Against drawing: the share of the range that random subsets reach.
TEST(InputStatistics, TheRangeIsThatOfRandomSubsets) {
  std::mt19937 random(3);
  std::exponential_distribution<double> exponential;
  InputStatistics statistics;
  std::vector<double> largest;
  for (int i = 0; i < 20; ++i) {
    largest.push_back(0.1 + exponential(random));
    statistics.add(image(largest.back() * largest.back() / 2));
  }
  const double all = *std::max_element(largest.begin(), largest.end());
  for (const std::int64_t n : {1, 4, 12}) {
    double sum = 0;
    constexpr int kDraws = 4000;
    for (int draw = 0; draw < kDraws; ++draw) {
      std::shuffle(largest.begin(), largest.end(), random);
      sum += *std::max_element(largest.begin(), largest.begin() + n) / all;
    }
    EXPECT_NEAR(statistics.range_reached(n), sum / kDraws, 0.02) << n;
  }
  EXPECT_EQ(statistics.range_reached(20), 1);
  EXPECT_EQ(statistics.range_reached(1000), 1);
}

TEST(InputStatistics, RefusesWhatIsNotFinite) {
  InputStatistics statistics;
  expect_error(ErrorKind::numeric, {"not finite"}, [&] {
    statistics.add(Tensor::of<float>({1, 1, 1, 1}, {std::numeric_limits<float>::infinity()}));
  });
}

}  // namespace
}  // namespace nibble

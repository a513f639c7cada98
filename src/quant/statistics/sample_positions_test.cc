// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/sample_positions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nibble {
namespace {

using Positions = std::vector<std::int64_t>;

TEST(AffordableImportance, LeavesEnoughDifferentPositionsForEachColumn) {
  EXPECT_EQ(affordable_importance(50, 100, 1000), 0) << "fewer positions than columns: even";
  EXPECT_EQ(affordable_importance(1, 1e6, 10), 1) << "equal weights repeat nothing";
  const double importance = affordable_importance(50, 12800, 2304);  // 32 images of 20 x 20 cells, 3 x 3 kernels over 256 channels
  EXPECT_NEAR(importance, 0.0890, 0.0005);
  EXPECT_NEAR(12800 / (1 + importance * importance * 49), 4 * 2304, 1) << "the effective number is what was wanted";
  EXPECT_EQ(affordable_importance(50, 1e9, 9), 1);
}

TEST(SamplePositions, EvenOnesCoverAll) {
  std::mt19937_64 random(1);
  const Positions all = uniform_positions(7, 100, random);
  EXPECT_EQ(all, (Positions{0, 1, 2, 3, 4, 5, 6}));
  const Positions some = uniform_positions(1000, 10, random);
  ASSERT_EQ(some.size(), 10U);
  for (std::int64_t i = 0; i < 10; ++i) EXPECT_EQ(some[i] / 100, i);
}

TEST(SamplePositions, WeightedOnesComeAsOftenAsTheirWeights) {
  EXPECT_EQ(weighted_positions(at::tensor({0.0, 2.0, 0.0, 1.0, 1.0, 0.0}), 4), (Positions{1, 1, 3, 4}));
  EXPECT_EQ(weighted_positions(at::tensor({0.0, 0.0, 0.0, 1e-20}).reshape({2, 2}), 3), (Positions{3, 3, 3}));
}

TEST(SamplePositions, WithoutWeightsAllAreEqual) {
  EXPECT_EQ(weighted_positions(at::zeros({2, 2}), 9), (Positions{0, 1, 2, 3}));
  EXPECT_EQ(weighted_positions(at::full({4}, NAN), 4), (Positions{0, 1, 2, 3}));
}

TEST(SamplePositions, EnoughForTheLargestHessian) {
  EXPECT_EQ(samples_of_batch({16, 3, 3, 3}, 200, 200), 32768);
  EXPECT_EQ(samples_of_batch({16, 3, 3, 3}, 10, 5), 1700);
  EXPECT_EQ(samples_of_batch({16, 512, 3, 3}, 40, 4), (24 * 4608 + 9) / 10);
}

/// Ten images in batches of four: all images get as many positions, and together as many as ten images in one batch.
TEST(SamplePositions, AShortLastBatchCountsAsTheImagesInIt) {
  EXPECT_EQ(samples_of_batch({16, 3, 3, 3}, 10, 4), 1360);
  EXPECT_EQ(samples_of_batch({16, 3, 3, 3}, 10, 2), 680);
  EXPECT_EQ(2 * 1360 + 680, samples_of_batch({16, 3, 3, 3}, 10, 10));
  EXPECT_EQ(samples_of_batch({16, 512, 3, 3}, 9, 1), (24 * 4608 + 8) / 9);
}

}  // namespace
}  // namespace nibble

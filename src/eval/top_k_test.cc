// SPDX-License-Identifier: Apache-2.0
#include "eval/top_k.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "support/scratch.h"

namespace nibble {
namespace {

TEST(RankOf, CountsLargerProbabilities) {
  const std::array<float, 4> probabilities{0.2F, 0.5F, 0.2F, 0.1F};
  EXPECT_EQ(rank_of(probabilities, 1), 0);
  EXPECT_EQ(rank_of(probabilities, 0), 1);
  EXPECT_EQ(rank_of(probabilities, 2), 2) << "of equal ones the lower number first";
  EXPECT_EQ(rank_of(probabilities, 3), 3);
  const std::array<float, 2> broken{0.5F, std::numeric_limits<float>::quiet_NaN()};
  test::expect_error(ErrorKind::numeric, {"not finite"}, [&] { rank_of(broken, 0); });
}

TEST(TopKMeter, IsTheShareOfAllImages) {
  TopKMeter meter({{0, "cat"}});
  for (const auto& [label, rank] : {std::pair{0, 0}, std::pair{0, 4}, std::pair{0, 5}, std::pair{7, 0}}) meter.add(label, rank);
  const auto metrics = meter.result();
  EXPECT_EQ(metrics.num_images, 4);
  EXPECT_DOUBLE_EQ(metrics.top_1, 0.5);
  EXPECT_DOUBLE_EQ(metrics.top_5, 0.75);
  ASSERT_EQ(metrics.per_class.size(), 2U);
  EXPECT_EQ(metrics.per_class[0].name, "cat");
  EXPECT_DOUBLE_EQ(metrics.per_class[0].top_5, 2.0 / 3);
  EXPECT_EQ(metrics.per_class[1].name, "7");
  EXPECT_EQ(TopKMeter({}).result().top_1, -1);
}

}  // namespace
}  // namespace nibble

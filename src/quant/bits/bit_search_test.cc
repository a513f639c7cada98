// SPDX-License-Identifier: Apache-2.0
#include "quant/bits/bit_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace nibble {
namespace {
using testing::Optional;

/// 4 to 8 bits in steps of 0.05, damage falling from 4 as a square.
std::vector<BitFrontPoint> eighty_points() {
  std::vector<BitFrontPoint> points;
  for (std::size_t i = 0; i <= 80; ++i) {
    const double left = 1 - static_cast<double>(i) / 80;
    points.push_back({i, 4 + 0.05 * static_cast<double>(i), 4 * left * left});
  }
  return points;
}

struct BitSearch {
  std::vector<BitTrial> trials;  ///< the first included
  std::optional<std::size_t> point;
};

BitSearch searched(double max_drop, const std::function<double(std::size_t)>& drop_at) {
  const auto points = eighty_points();
  BitSearch search;
  const auto tried = [&](std::size_t at) {
    search.trials.push_back({points[at].average_bits, drop_at(at)});
    return search.trials.back().drop;
  };
  const double first = tried(0);
  search.point = search_bits(points, first, max_drop, tried);
  return search;
}

TEST(BitSearch, ADropInProportionIsFoundAtOnce) {
  const auto points = eighty_points();
  const BitSearch search = searched(1, [&](std::size_t i) { return 0.7 * points[i].damage; });
  ASSERT_TRUE(search.point);
  EXPECT_LE(0.7 * points[*search.point].damage, 1);
  EXPECT_GT(0.7 * points[*search.point - 1].damage, 1);
  EXPECT_DOUBLE_EQ(search.trials[1].average_bits, points[*search.point].average_bits);
}

TEST(BitSearch, EndsWithTheSmallestThatPassedWithinTheTrials) {
  const auto points = eighty_points();
  for (const double power : {0.3, 0.6, 1.5, 3.0})
    for (const double max_drop : {0.2, 1.0, 2.5}) {
      const auto drop_at = [&](std::size_t i) { return std::pow(points[i].damage, power) * 4 / std::pow(4, power); };
      const BitSearch search = searched(max_drop, drop_at);
      ASSERT_TRUE(search.point) << power << " " << max_drop;
      EXPECT_LE(search.trials.size(), static_cast<std::size_t>(kMostTrials));
      double least = 9;
      for (const BitTrial& trial : search.trials)
        if (trial.drop <= max_drop) least = std::min(least, trial.average_bits);
      EXPECT_DOUBLE_EQ(points[*search.point].average_bits, least);
    }
}

TEST(BitSearch, ADropThatHardlyMovesIsSteppedOver) {
  const auto points = eighty_points();
  std::vector<double> tried;
  const BitSearch search = searched(1.5, [&](std::size_t i) {
    tried.push_back(points[i].average_bits);
    return i < 12 ? 1.6 : 1.4;  // the damages promise much from the first step on
  });
  ASSERT_GE(tried.size(), 3U);
  EXPECT_GE(tried[1], 4.25 - 1e-9);
  EXPECT_GE(tried[2], 4.75 - 1e-9);
  ASSERT_TRUE(search.point);
  EXPECT_LE(points[*search.point].average_bits, 4.75 + 1e-9);
}

TEST(BitSearch, ACliffIsClosedInOn) {
  const BitSearch search = searched(1, [](std::size_t i) { return i < 61 ? 5.0 : 0.5; });
  ASSERT_TRUE(search.point);
  EXPECT_GE(*search.point, 61U);
}

TEST(BitSearch, TheLastTrialWithoutAPassingOneIsTheLastPoint) {
  std::vector<std::size_t> tried;
  const BitSearch search = searched(1, [&](std::size_t i) {
    tried.push_back(i);
    return i < 80 ? 1.001 : 0.9;
  });
  EXPECT_EQ(tried.back(), 80U);
  EXPECT_EQ(search.trials.size(), static_cast<std::size_t>(kMostTrials));
  EXPECT_THAT(search.point, Optional(80U));
}

TEST(BitSearch, WhatNothingReachesIsSaid) {
  const BitSearch search = searched(0.5, [](std::size_t) { return 2.0; });
  EXPECT_FALSE(search.point);
  EXPECT_DOUBLE_EQ(search.trials.back().average_bits, 8);
}

TEST(BitSearch, WithoutAnotherPointNothingIsTried) {
  EXPECT_FALSE(search_bits({{0, 4, 1}}, 2, 1, [](std::size_t) -> double { throw std::logic_error("tried"); }));
}

TEST(BitSearch, ADropThatIsNoNumberDoesNotPass) {
  const BitSearch search = searched(1, [](std::size_t i) { return i == 0 ? 2.0 : NAN; });
  EXPECT_FALSE(search.point);
  EXPECT_LE(search.trials.size(), static_cast<std::size_t>(kMostTrials));
}

}  // namespace
}  // namespace nibble

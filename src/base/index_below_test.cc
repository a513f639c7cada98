// SPDX-License-Identifier: Apache-2.0
#include "base/index_below.h"

#include <gtest/gtest.h>

#include <limits>

namespace nibble {
namespace {

TEST(IndexBelow, RoundsTowardsZeroWithinTheCount) {
  EXPECT_EQ(index_below(3.9, 10), 3U);
  EXPECT_EQ(index_below(9.5, 10), 9U);
  EXPECT_EQ(index_below(10, 10), 9U);
  EXPECT_EQ(index_below(-0.5, 10), 0U);
}

TEST(IndexBelow, WhatNoIntegerHoldsIsTheEndItLiesBeyond) {
  EXPECT_EQ(index_below(1e30, 10), 9U);
  EXPECT_EQ(index_below(std::numeric_limits<double>::infinity(), 10), 9U);
  EXPECT_EQ(index_below(-1e30, 10), 0U);
  EXPECT_EQ(index_below(std::numeric_limits<double>::quiet_NaN(), 10), 0U);
}

}  // namespace
}  // namespace nibble

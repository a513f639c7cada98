// SPDX-License-Identifier: Apache-2.0
#include "scoring/latency.h"

#include <gtest/gtest.h>

#include "nibble/error.h"

namespace nibble {
namespace {

TEST(LatencyStatistics, InterpolateAsNumpyDoes) {
  const auto latency = summarize_latency({4, 1, 3, 2});
  EXPECT_DOUBLE_EQ(latency.mean_ms, 2.5);
  EXPECT_DOUBLE_EQ(latency.median_ms, 2.5);
  EXPECT_DOUBLE_EQ(latency.p90_ms, 3.7);
  EXPECT_DOUBLE_EQ(latency.throughput_fps, 400);
  EXPECT_EQ(latency.runs, 4);
}

TEST(LatencyStatistics, OneRunIsItsOwnStatistics) {
  const auto latency = summarize_latency({8});
  EXPECT_EQ(latency.median_ms, 8);
  EXPECT_EQ(latency.p90_ms, 8);
  EXPECT_THROW(summarize_latency({}), Error);
}

}  // namespace
}  // namespace nibble

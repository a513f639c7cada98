// SPDX-License-Identifier: Apache-2.0
#include "report/html/svg_scatter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "report/html/svg_spread.h"

namespace nibble {
namespace {
using testing::HasSubstr;
using testing::Not;

TEST(ScatterChart, PlacesPointsAndIntervals) {
  const ScatterChart chart{.title = "a < b",
                           .unit = "",
                           .x_name = "MB",
                           .points = {{"float", "1", 10, 0.4, {}, {}, true}, {"small", "2", 2, 0.3, 0.28, 0.33, false}}};
  const auto svg = scatter_chart_svg(chart);
  EXPECT_THAT(svg, HasSubstr("<title>a &lt; b</title>"));
  EXPECT_THAT(svg, HasSubstr("role=\"img\""));
  // 12 % for numbers, then 88 % for 0 to 10.6.
  EXPECT_THAT(svg, HasSubstr("class=\"point\" cx=\"95.02%\""));
  EXPECT_THAT(svg, HasSubstr("class=\"point\" cx=\"28.60%\""));
  const auto interval = svg.find("class=\"interval\"");
  ASSERT_NE(interval, std::string::npos);
  EXPECT_EQ(svg.find("class=\"interval\"", interval + 1), std::string::npos);
}

TEST(ScatterChart, LeavesOutWhatIsNotFinite) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(scatter_chart_svg({"t", "", "MB", {{"x", "1", 1, nan, {}, {}, false}}}), Not(HasSubstr("point")));
  EXPECT_THAT(scatter_chart_svg({"t", "", "MB", {{"x", "1", 1, 0.5, nan, 1.0, false}}}), Not(HasSubstr("interval")));
}

TEST(SpreadChart, DrawsEachRunTheMiddleAndTheMedian) {
  SpreadChart chart{.title = "times", .rows = {{"float", "median 5 ms", {}, true}, {"empty", "-", {}, false}}};
  for (int i = 0; i <= 10; ++i) chart.rows[0].values.push_back(i);
  const auto svg = spread_chart_svg(chart);
  // The axis ends at 9 * 4 / 3 = 12.
  EXPECT_THAT(svg, HasSubstr("class=\"middle\" x=\"8.33%\""));
  EXPECT_THAT(svg, HasSubstr("width=\"66.67%\""));
  EXPECT_THAT(svg, HasSubstr("x1=\"41.67%\""));
  std::size_t runs = 0;
  for (auto at = svg.find("class=\"run\""); at != std::string::npos; at = svg.find("class=\"run\"", at + 1)) ++runs;
  EXPECT_EQ(runs, 11U);
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "report/html/svg_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nibble {
namespace {
using testing::HasSubstr;

TEST(ChangeChart, DrawsLossesToTheLeftAndGainsToTheRight) {
  const auto svg = change_chart_svg({.title = "a < b", .rows = {{"cat", "-0.2", -0.2}, {"d&g", "+0.1", 0.1}}, .reach = 0});
  EXPECT_THAT(svg, HasSubstr("<title>a &lt; b</title>"));
  EXPECT_THAT(svg, HasSubstr("class=\"lost\" x=\"0.00%\" y=\"20\" width=\"50.00%\""));
  EXPECT_THAT(svg, HasSubstr("class=\"gained\" x=\"50.00%\" y=\"56\" width=\"25.00%\""));
  EXPECT_THAT(svg, HasSubstr("d&amp;g"));
}

TEST(ChangeChart, SharesTheScaleItIsGiven) {
  EXPECT_THAT(change_chart_svg({.title = "", .rows = {{"cat", "", -0.2}}, .reach = 0.4}), HasSubstr("x=\"25.00%\""));
}

TEST(ChangeChart, DrawsNoLengthWhereNothingChanged) {
  EXPECT_THAT(change_chart_svg({.title = "", .rows = {{"cat", "", 0}}, .reach = 0}), HasSubstr("width=\"0.00%\""));
}

}  // namespace
}  // namespace nibble

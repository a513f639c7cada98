// SPDX-License-Identifier: Apache-2.0
#include "report/html/svg_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <regex>

namespace nibble {
namespace {
using testing::HasSubstr;
using testing::Not;

std::ptrdiff_t count(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  return std::distance(std::sregex_iterator(text.begin(), text.end(), regex), std::sregex_iterator());
}

TEST(LineChart, PlacesPointsBetweenTheEndsOfItsAxes) {
  // y from 0 to 10 in 190 pixels, x over 1000 units.
  const auto svg = line_chart_svg({"t", "", "steps", {{{{10, 0}, {20, 10}, {30, 5}}}}});
  EXPECT_THAT(svg, HasSubstr("points=\"0.0,190.0 500.0,0.0 1000.0,95.0\""));
}

TEST(LineChart, MarksThePointsOfADottedLine) {
  const auto svg =
      line_chart_svg({"t", "", "steps", {{{{0, 0.25}, {3, 0.5}}, LineStyle::dotted}, {{{0, 0.3}, {3, 0.3}}, LineStyle::faint}}});
  EXPECT_EQ(count(svg, "<circle"), 2);
  EXPECT_EQ(count(svg, "<polyline"), 2);
  EXPECT_THAT(svg, HasSubstr("<title>3: 0.5000</title>"));
}

TEST(LineChart, DrawsASinglePointAndConstantValues) {
  EXPECT_EQ(count(line_chart_svg({"t", "", "", {{{{4, 0.3}}, LineStyle::dotted}}}), "<circle"), 1);
  EXPECT_THAT(line_chart_svg({"t", "", "", {{{{0, 7}, {1, 7}}}}}), Not(HasSubstr("nan")));
}

TEST(LineChart, LeavesOutWhatHasNoPlace) {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto svg = line_chart_svg({"<t>", "", "", {{{{0, 1}, {1, infinity}, {2, 2}}, LineStyle::dotted}}});
  EXPECT_EQ(count(svg, "<circle"), 2);
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  EXPECT_THAT(svg, HasSubstr("&lt;t&gt;"));
  EXPECT_EQ(count(line_chart_svg({"t", "", "", {}}), "<polyline"), 0);
}

}  // namespace
}  // namespace nibble

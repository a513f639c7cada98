// SPDX-License-Identifier: Apache-2.0
#include "report/html/svg_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>

namespace nibble {
namespace {
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// The numbers a pattern's first group finds, in order.
std::vector<double> numbers(const std::string& text, const std::string& pattern) {
  std::vector<double> found;
  const std::regex regex(pattern);
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) found.push_back(std::stod((*it)[1]));
  return found;
}
std::vector<double> bar_widths(const std::string& svg) { return numbers(svg, "class=\"bar\"[^>]* width=\"([0-9.]+)%\""); }
std::vector<double> column_heights(const std::string& svg) { return numbers(svg, "class=\"column\"[^>]* height=\"([0-9.]+)\""); }

TEST(BarChart, WidthsAreProportionalToValues) {
  const auto svg = bar_chart_svg({"t", {{"a", 0.4, "0.4000", true}, {"b", 0.2, "0.2000"}, {"c", 0.1, "0.1000"}}, 0.4});
  EXPECT_THAT(bar_widths(svg), ElementsAre(100, 50, 25));
  EXPECT_THAT(svg, HasSubstr("0.2000"));
}

TEST(BarChart, TheReferenceStandsAtItsValueAndBelongsToTheScale) {
  const auto svg = bar_chart_svg({"t", {{"a", 0.2, ""}}, 0.8});
  EXPECT_THAT(bar_widths(svg), ElementsAre(25));
  EXPECT_THAT(numbers(svg, "<line x1=\"([0-9.]+)%\"[^>]*class=\"reference\""), ElementsAre(100));
  EXPECT_THAT(bar_chart_svg({"t", {{"a", 0.2, ""}}, {}}), Not(HasSubstr("reference")));
}

TEST(BarChart, ShowsNoLengthForWhatHasNone) {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto svg =
      bar_chart_svg({"t", {{"a", {}, "-"}, {"b", std::nan(""), "-"}, {"c", infinity, "-"}, {"d", -1, "-"}, {"e", 0, "0"}}, {}});
  EXPECT_THAT(bar_widths(svg), ElementsAre(0, 0, 0, 0, 0));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(ColumnChart, HeightsAreProportionalToValues) {
  const auto heights = column_heights(column_chart_svg({"t", "dB", {{"a", 40, "1", ""}, {"b", 20, "1", ""}, {"c", 10, "2", ""}}, 0}));
  ASSERT_EQ(heights.size(), 3U);
  EXPECT_THAT(heights[0] / heights[2], DoubleNear(4, 0.02));
  EXPECT_THAT(heights[1] / heights[2], DoubleNear(2, 0.02));
}

TEST(ColumnChart, ASharedTopKeepsTheScale) {
  const auto alone = column_heights(column_chart_svg({"t", "dB", {{"a", 20, "1", ""}}, 0}));
  const auto shared = column_heights(column_chart_svg({"t", "dB", {{"a", 20, "1", ""}}, 40}));
  ASSERT_EQ(alone.size(), 1U);
  EXPECT_THAT(alone[0] / shared[0], DoubleNear(2, 0.02));
}

TEST(ColumnChart, LeavesAGapWhereNothingWasMeasured) {
  const auto svg =
      column_chart_svg({"t", "dB", {{"a", 20, "1", ""}, {"b", {}, "1", ""}, {"c", std::nan(""), "1", ""}, {"d", 20, "1", ""}}, 0});
  EXPECT_EQ(column_heights(svg).size(), 2U);
  const auto left = numbers(svg, "class=\"column\" x=\"([0-9.]+)%\"");
  EXPECT_THAT(left[1] - left[0], DoubleNear(3 * 93.0 / 4, 0.1));
}

TEST(ColumnChart, NegativeValuesHangBelowZero) {
  const auto svg = column_chart_svg({"t", "dB", {{"a", 10, "1", ""}, {"b", -10, "1", ""}}, 0});
  const auto top = numbers(svg, "class=\"column\"[^>]* y=\"([0-9.]+)\"");
  const auto heights = column_heights(svg);
  ASSERT_EQ(heights.size(), 2U);
  EXPECT_THAT(top[1], DoubleNear(top[0] + heights[0], 0.1));
}

TEST(ColumnChart, TicksStandWhereAGroupBeginsAndDoNotOverlap) {
  std::vector<Column> columns;
  for (int i = 0; i < 100; ++i) columns.push_back({"l", 10, "g" + std::to_string(i / 2), ""});
  const auto svg = column_chart_svg({"t", "dB", columns, 0});
  const auto places = numbers(svg, "<text x=\"([0-9.]+)%\"[^>]*>g");
  ASSERT_GT(places.size(), 10U);
  for (std::size_t i = 1; i < places.size(); ++i) EXPECT_GE(places[i] - places[i - 1], 5.4);
}

TEST(ColumnChart, AnEmptyOneIsStillAChart) {
  EXPECT_THAT(column_chart_svg({}), HasSubstr("</svg>"));
  EXPECT_THAT(bar_chart_svg({}), HasSubstr("</svg>"));
}

TEST(Charts, EscapeAllText) {
  const std::string hostile = "<script>alert('\"&\")</script>";
  for (const auto& svg :
       {bar_chart_svg({hostile, {{hostile, 1, hostile}}, {}}), column_chart_svg({hostile, hostile, {{hostile, 1, hostile, hostile}}, 0})}) {
    EXPECT_THAT(svg, Not(HasSubstr("<script")));
    EXPECT_THAT(svg, HasSubstr("&lt;script&gt;alert(&#39;&quot;&amp;&quot;)"));
  }
}

}  // namespace
}  // namespace nibble

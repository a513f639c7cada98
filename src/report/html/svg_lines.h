// SPDX-License-Identifier: Apache-2.0
// Line charts as SVG text; measures and colours are those of report/html/svg_chart.h.
#pragma once
#include <string>
#include <vector>

namespace nibble {

struct LinePoint {
  double x = 0, y = 0;
};
enum class LineStyle { plain, faint, dotted };  ///< dotted: each point is marked, with its value when pointed at
struct Line {
  std::vector<LinePoint> points;  ///< ascending x; those that are not finite are left out
  LineStyle style = LineStyle::plain;
};
struct LineChart {
  std::string title;  ///< read out to those who cannot see the chart
  std::string unit;
  std::string x_name;
  std::vector<Line> lines;
};
/// The vertical axis covers the values and need not have 0 on it.
std::string line_chart_svg(const LineChart& chart);

}  // namespace nibble

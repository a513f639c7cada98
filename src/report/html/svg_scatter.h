// SPDX-License-Identifier: Apache-2.0
// A chart of points on two axes as SVG text; measures and colours are those of report/html/svg_chart.h.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace nibble {

struct ScatterPoint {
  std::string label;  ///< shown when pointed at
  std::string mark;   ///< a letter or number in the point, which a legend explains
  double x = 0, y = 0;
  std::optional<double> low, high;  ///< of an interval around y; a line is drawn between them where both are there
  bool is_baseline = false;         ///< drawn in grey
};
struct ScatterChart {
  std::string title;  ///< read out to those who cannot see the chart
  std::string unit;   ///< of y
  std::string x_name;
  std::vector<ScatterPoint> points;
};
/// The horizontal axis begins at 0, the vertical one covers points and intervals. Points that are not finite are left out.
std::string scatter_chart_svg(const ScatterChart& chart);

}  // namespace nibble

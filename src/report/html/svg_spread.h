// SPDX-License-Identifier: Apache-2.0
// How single measurements scatter, as SVG text; measures and colours are those of report/html/svg_chart.h.
#pragma once
#include <string>
#include <vector>

namespace nibble {

struct Spread {
  std::string label;
  std::string text;            ///< shown at the end of the row
  std::vector<double> values;  ///< ascending, 0 and more
  bool is_baseline = false;    ///< drawn in grey
};
struct SpreadChart {
  std::string title;  ///< read out to those who cannot see the chart
  std::vector<Spread> rows;
};
/// One row each, on one axis from 0 to the largest value that 9 of 10 of any row stay below, with a third more room; what lies further out
/// is drawn at the edge. A mark for each value, a bar over the middle 80 %, a line at the median.
std::string spread_chart_svg(const SpreadChart& chart);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// What was lost and gained, as SVG text; measures and colours are those of report/html/svg_chart.h.
#pragma once
#include <string>
#include <vector>

namespace nibble {

struct Change {
  std::string label;
  std::string text;  ///< the change as it is shown
  double value = 0;  ///< below 0: lost
};
struct ChangeChart {
  std::string title;  ///< read out to those who cannot see the chart
  std::vector<Change> rows;
  double reach = 0;  ///< the axis reaches at least this to both sides, so that charts can share a scale
};
/// Horizontal bars from a line in the middle, one under the other: to the left what was lost, to the right what was gained.
std::string change_chart_svg(const ChangeChart& chart);

}  // namespace nibble

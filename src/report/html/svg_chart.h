// SPDX-License-Identifier: Apache-2.0
// Charts as SVG text: numbers in, markup out. Horizontal places are percentages, vertical ones and letters pixels, so a
// chart fills any width and its text stays readable on a phone. Colours tell apart under the common colour blindnesses
// (Okabe and Ito's palette), and never carry a meaning alone.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace nibble {

/// The text with &, <, > and quotes escaped, for text and attribute values of HTML and SVG.
std::string escape_markup(const std::string& text);

struct Bar {
  std::string label;
  std::optional<double> value;  ///< where it is empty, negative or not finite, only the text is shown
  std::string text;             ///< the value as it is shown
  bool is_baseline = false;     ///< a baseline is drawn in grey
};
struct BarChart {
  std::string title;  ///< read out to those who cannot see the chart
  std::vector<Bar> bars;
  std::optional<double> reference;  ///< a value that is marked by a dashed line across all bars; empty for none
};
/// Horizontal bars from 0, one under the other.
std::string bar_chart_svg(const BarChart& chart);

struct Column {
  std::string label;            ///< shown when pointed at
  std::optional<double> value;  ///< where it is empty or not finite, there is a gap
  std::string group;            ///< neighbours with the same group share one tick below the axis
  std::string mark;             ///< where it is not empty, the column has another colour and this text above it
};
struct ColumnChart {
  std::string title;
  std::string unit;
  std::vector<Column> columns;
  double top = 0;  ///< the axis reaches at least this, so that charts can share a scale
};
/// Vertical columns on an axis with 0.
std::string column_chart_svg(const ColumnChart& chart);

}  // namespace nibble

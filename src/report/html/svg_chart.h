// SPDX-License-Identifier: Apache-2.0
// Charts as SVG text: numbers in, markup out. Horizontal places are percentages, vertical ones and letters pixels, so a
// chart fills any width and its text stays readable on a phone. Colours tell apart under the common colour blindnesses
// (Okabe and Ito's palette), and never carry a meaning alone.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace nibble {

/// For text and attribute values of HTML and SVG.
std::string escape_markup(const std::string& text);

struct Bar {
  std::string label;
  std::optional<double> value;  ///< none, negative or not finite: only the text is shown
  std::string text;             ///< the value as shown
  bool is_baseline = false;     ///< drawn grey
};
struct BarChart {
  std::string title;  ///< for who cannot see it
  std::vector<Bar> bars;
  std::optional<double> reference;  ///< a dashed line across all bars
};
/// Horizontal bars from 0, one under the other.
std::string bar_chart_svg(const BarChart& chart);

struct Column {
  std::string label;            ///< shown when pointed at
  std::optional<double> value;  ///< none or not finite: a gap
  std::string group;            ///< neighbours with the same group share one tick below the axis
  std::string mark;             ///< not empty: drawn in another colour with this text above
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

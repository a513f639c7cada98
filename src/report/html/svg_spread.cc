// SPDX-License-Identifier: Apache-2.0
#include "report/html/svg_spread.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/html/svg_chart.h"
#include "report/html/svg_parts.h"

namespace nibble {
namespace {

constexpr double kRow = 44, kBarTop = 20, kBarHeight = 14;

/// The value that so many of all stay below; 0 without any.
double quantile(const std::vector<double>& ascending, double share) {
  if (ascending.empty()) return 0;
  return ascending[static_cast<std::size_t>(share * static_cast<double>(ascending.size() - 1) + 0.5)];
}

std::string row_svg(const Spread& row, double y, double largest) {
  const auto place = [&](double value) { return svg_percent(std::min(value / largest, 1.0)); };
  const double low = quantile(row.values, 0.1), high = quantile(row.values, 0.9), median = quantile(row.values, 0.5);
  const auto* const colour = row.is_baseline ? kGrey : kBlue;
  const double top = y + kBarTop;
  std::string svg = svg_line("0", top + kBarHeight / 2, "100%", top + kBarHeight / 2, kLight);
  svg += fmt::format("<rect class=\"middle\" x=\"{}\" y=\"{:.0f}\" width=\"{}\" height=\"{:.0f}\" fill=\"{}\" opacity=\"0.35\"/>\n",
                     place(low), top, svg_percent(std::max(std::min(high / largest, 1.0) - std::min(low / largest, 1.0), 0.002)),
                     kBarHeight, colour);
  for (const double value : row.values)
    svg += fmt::format("<circle class=\"run\" cx=\"{}\" cy=\"{:.0f}\" r=\"2\" fill=\"{}\"/>", place(value), top + kBarHeight / 2, colour);
  svg += "\n" + svg_line(place(median), top - 2, place(median), top + kBarHeight + 2, kInk, " class=\"median\" stroke-width=\"2\"");
  return svg + fmt::format("<text x=\"0\" y=\"{:.0f}\">{}</text><text x=\"100%\" y=\"{:.0f}\" text-anchor=\"end\">{}</text>\n", top - 7,
                           escape_markup(row.label), top - 7, escape_markup(row.text));
}

}  // namespace

std::string spread_chart_svg(const SpreadChart& chart) {
  double largest = 0;
  for (const auto& row : chart.rows) largest = std::max(largest, quantile(row.values, 0.9) * 4 / 3);
  std::string svg = svg_open(chart.title, kRow * static_cast<double>(chart.rows.size()));
  double y = 0;
  for (const auto& row : chart.rows) {
    if (largest > 0) svg += row_svg(row, y, largest);
    y += kRow;
  }
  return svg + "</svg>\n";
}

}  // namespace nibble

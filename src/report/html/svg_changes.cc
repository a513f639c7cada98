// SPDX-License-Identifier: Apache-2.0
#include "report/html/svg_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/html/svg_chart.h"
#include "report/html/svg_parts.h"

namespace nibble {
namespace {

constexpr double kChangeRow = 36, kChangeBarTop = 20, kChangeBarHeight = 10, kMiddle = 0.5;

std::string change_svg(const Change& row, double y, double reach) {
  const double length = reach > 0 ? kMiddle * std::abs(row.value) / reach : 0;
  const bool is_loss = row.value < 0;
  return fmt::format(
      "<rect class=\"{}\" x=\"{}\" y=\"{:.0f}\" width=\"{}\" height=\"{:.0f}\" fill=\"{}\"/>\n"
      "<text x=\"0\" y=\"{:.0f}\">{}</text><text x=\"100%\" y=\"{:.0f}\" text-anchor=\"end\">{}</text>\n",
      is_loss ? "lost" : "gained", svg_percent(is_loss ? kMiddle - length : kMiddle), y + kChangeBarTop, svg_percent(length),
      kChangeBarHeight, is_loss ? kVermilion : kBlue, y + kChangeBarTop - 6, escape_markup(row.label), y + kChangeBarTop - 6,
      escape_markup(row.text));
}

}  // namespace

std::string change_chart_svg(const ChangeChart& chart) {
  double reach = chart.reach;
  for (const auto& row : chart.rows) reach = std::max(reach, std::abs(row.value));
  const double height = kChangeRow * static_cast<double>(chart.rows.size());
  std::string svg = svg_open(chart.title, height);
  for (std::size_t k = 0; k < chart.rows.size(); ++k) svg += change_svg(chart.rows[k], kChangeRow * static_cast<double>(k), reach);
  svg += svg_line(svg_percent(kMiddle), kChangeBarTop - 2, svg_percent(kMiddle), std::max(height - 2, kChangeBarTop), kGrey);
  return svg + "</svg>\n";
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "report/html/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/html/svg_parts.h"

namespace nibble {
namespace {

bool can_draw(const std::optional<double>& value) { return value && std::isfinite(*value); }

// --- horizontal bars

constexpr double kRow = 44, kBarTop = 20, kBarHeight = 14;

double longest_of(const BarChart& chart) {
  double longest = chart.reference.value_or(0);
  for (const auto& bar : chart.bars)
    if (can_draw(bar.value)) longest = std::max(longest, *bar.value);
  return longest > 0 ? longest : 1;
}

std::string bar_svg(const Bar& bar, double y, double longest) {
  const double share = can_draw(bar.value) ? std::max(*bar.value, 0.0) / longest : 0;
  return fmt::format("<rect class=\"bar\" x=\"0\" y=\"{:.0f}\" width=\"{}\" height=\"{:.0f}\" fill=\"{}\"/>\n", y + kBarTop,
                     svg_percent(share), kBarHeight, bar.is_baseline ? kGrey : kBlue);
}

/// Its white edge keeps it readable where the reference line passes.
std::string bar_label_svg(const Bar& bar, double y) {
  const double base = y + kBarTop - 7;
  return fmt::format(
      "<g paint-order=\"stroke\" stroke=\"#fff\" stroke-width=\"3\"><text x=\"0\" y=\"{:.0f}\">{}</text>"
      "<text x=\"100%\" y=\"{:.0f}\" text-anchor=\"end\">{}</text></g>\n",
      base, escape_markup(bar.label), base, escape_markup(bar.text));
}

// --- columns

/// Ticks closer than this share of the width would print over each other on a phone.
constexpr double kTickGap = 0.055;

Scale scale_of(const ColumnChart& chart) {
  double low = 0, high = std::max(chart.top, 0.0);
  for (const auto& column : chart.columns) {
    if (!can_draw(column.value)) continue;
    low = std::min(low, *column.value);
    high = std::max(high, *column.value);
  }
  if (high <= low) high = low + 1;
  const double step = nice_step(high - low);
  return {std::floor(low / step) * step, std::ceil(high / step) * step, step};
}

std::string column_svg(const Column& column, double left, double width, const Scale& scale) {
  if (!can_draw(column.value)) return "";
  const double top = scale.y(std::max(*column.value, 0.0)), bottom = scale.y(std::min(*column.value, 0.0));
  const bool marked = !column.mark.empty();
  std::string svg =
      fmt::format("<rect class=\"column\" x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\" fill=\"{}\"><title>{}</title></rect>\n",
                  svg_percent(left), top, svg_percent(width * 0.8), bottom - top, marked ? kVermilion : kBlue, escape_markup(column.label));
  if (marked)
    svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"middle\" font-size=\"12\" font-weight=\"bold\">{}</text>\n",
                       svg_percent(left + width * 0.4), top - 3, escape_markup(column.mark));
  return svg;
}

std::string tick_svg(const std::string& group, double left, bool with_text) {
  const double y = kPlotTop + kPlotHeight;
  std::string svg = svg_line(svg_percent(left), y, svg_percent(left), y + 5, kGrey);
  if (with_text)
    svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" font-size=\"11\">{}</text>\n", svg_percent(left), y + 17, escape_markup(group));
  return svg;
}

}  // namespace

std::string bar_chart_svg(const BarChart& chart) {
  const double height = kRow * static_cast<double>(chart.bars.size());
  const double longest = longest_of(chart);
  std::string svg = svg_open(chart.title, height);
  std::string bars, labels;
  double y = 0;
  for (const auto& bar : chart.bars) {
    bars += bar_svg(bar, y, longest);
    labels += bar_label_svg(bar, y);
    y += kRow;
  }
  svg += bars;
  if (can_draw(chart.reference)) {
    const auto x = svg_percent(*chart.reference / longest);
    svg += svg_line(x, kBarTop - 4, x, height - 6, kInk, " class=\"reference\" stroke-dasharray=\"5 4\"");
  }
  svg += labels;
  return svg + "</svg>\n";
}

std::string column_chart_svg(const ColumnChart& chart) {
  const Scale scale = scale_of(chart);
  std::string svg = svg_open(chart.title, kPlotTop + kPlotHeight + kAxisHeight) + svg_grid(scale, chart.unit, kPlotLeft);
  const double width = chart.columns.empty() ? 0 : kPlotWidth / static_cast<double>(chart.columns.size());
  std::string group;
  double left = kPlotLeft, last_text = -1;
  for (const auto& column : chart.columns) {
    svg += column_svg(column, left, width, scale);
    if (column.group != group) {
      const bool has_room = left - last_text >= kTickGap;
      svg += tick_svg(column.group, left, has_room);
      if (has_room) last_text = left;
      group = column.group;
    }
    left += width;
  }
  return svg + "</svg>\n";
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "report/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace nibble {
namespace {

constexpr const char* kBlue = "#0072B2";
constexpr const char* kVermilion = "#D55E00";
constexpr const char* kGrey = "#8C8C8C";
constexpr const char* kLight = "#DDDDDD";
constexpr const char* kInk = "#1A1A1A";

std::string open_svg(const std::string& title, double height) {
  return fmt::format(
      "<svg role=\"img\" width=\"100%\" height=\"{:.0f}\" font-size=\"13\" fill=\"{}\" overflow=\"visible\"><title>{}</title>\n", height,
      kInk, escape_markup(title));
}

std::string line(const std::string& x1, double y1, const std::string& x2, double y2, const char* color, const char* more = "") {
  return fmt::format("<line x1=\"{}\" y1=\"{:.1f}\" x2=\"{}\" y2=\"{:.1f}\" stroke=\"{}\"{}/>\n", x1, y1, x2, y2, color, more);
}

std::string percent(double share) { return fmt::format("{:.2f}%", 100 * share); }

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
  return fmt::format("<rect class=\"bar\" x=\"0\" y=\"{:.0f}\" width=\"{}\" height=\"{:.0f}\" fill=\"{}\"/>\n", y + kBarTop, percent(share),
                     kBarHeight, bar.is_baseline ? kGrey : kBlue);
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

constexpr double kPlotTop = 18, kPlotHeight = 190, kAxisHeight = 22;
/// The plot's share of the width; the rest holds the numbers of the axis.
constexpr double kPlotLeft = 0.07, kPlotWidth = 0.93;
/// Ticks closer than this share of the width would print over each other on a phone.
constexpr double kTickGap = 0.055;

struct Scale {
  double low = 0, high = 1, step = 1;
  double y(double value) const { return kPlotTop + kPlotHeight * (high - value) / (high - low); }
};

/// 1, 2 or 5 times a power of ten, so that about five fit.
double nice_step(double range) {
  const double power = std::pow(10, std::floor(std::log10(range / 5)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power * 5 >= range) return factor * power;
  return 10 * power;
}

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

std::string grid_svg(const Scale& scale, const std::string& unit) {
  std::string svg;
  for (int i = 0; scale.low + i * scale.step <= scale.high + scale.step / 2; ++i) {
    const double value = scale.low + i * scale.step, y = scale.y(value);
    const bool is_zero = std::abs(value) < scale.step / 2;
    svg += line(percent(kPlotLeft), y, "100%", y, is_zero ? kGrey : kLight);
    svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\" font-size=\"11\">{:g}</text>\n", percent(kPlotLeft - 0.01), y + 4,
                       is_zero ? 0 : value);
  }
  return svg + fmt::format("<text x=\"0\" y=\"10\" font-size=\"11\">{}</text>\n", escape_markup(unit));
}

std::string column_svg(const Column& column, double left, double width, const Scale& scale) {
  if (!can_draw(column.value)) return "";
  const double top = scale.y(std::max(*column.value, 0.0)), bottom = scale.y(std::min(*column.value, 0.0));
  const bool marked = !column.mark.empty();
  std::string svg =
      fmt::format("<rect class=\"column\" x=\"{}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\" fill=\"{}\"><title>{}</title></rect>\n",
                  percent(left), top, percent(width * 0.8), bottom - top, marked ? kVermilion : kBlue, escape_markup(column.label));
  if (marked)
    svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"middle\" font-size=\"12\" font-weight=\"bold\">{}</text>\n",
                       percent(left + width * 0.4), top - 3, escape_markup(column.mark));
  return svg;
}

std::string tick_svg(const std::string& group, double left, bool with_text) {
  const double y = kPlotTop + kPlotHeight;
  std::string svg = line(percent(left), y, percent(left), y + 5, kGrey);
  if (with_text)
    svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" font-size=\"11\">{}</text>\n", percent(left), y + 17, escape_markup(group));
  return svg;
}

}  // namespace

std::string escape_markup(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    switch (letter) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += letter;
    }
  }
  return escaped;
}

std::string bar_chart_svg(const BarChart& chart) {
  const double height = kRow * static_cast<double>(chart.bars.size());
  const double longest = longest_of(chart);
  std::string svg = open_svg(chart.title, height);
  std::string bars, labels;
  double y = 0;
  for (const auto& bar : chart.bars) {
    bars += bar_svg(bar, y, longest);
    labels += bar_label_svg(bar, y);
    y += kRow;
  }
  svg += bars;
  if (can_draw(chart.reference)) {
    const auto x = percent(*chart.reference / longest);
    svg += line(x, kBarTop - 4, x, height - 6, kInk, " class=\"reference\" stroke-dasharray=\"5 4\"");
  }
  svg += labels;
  return svg + "</svg>\n";
}

std::string column_chart_svg(const ColumnChart& chart) {
  const Scale scale = scale_of(chart);
  std::string svg = open_svg(chart.title, kPlotTop + kPlotHeight + kAxisHeight) + grid_svg(scale, chart.unit);
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

// SPDX-License-Identifier: Apache-2.0
#include "report/html/svg_scatter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/html/svg_chart.h"
#include "report/html/svg_parts.h"

namespace nibble {
namespace {

constexpr double kRadius = 9;

bool can_draw(const ScatterPoint& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

bool has_interval(const ScatterPoint& point) { return point.low && point.high && std::isfinite(*point.low) && std::isfinite(*point.high); }

Scale scale_of(const std::vector<ScatterPoint>& points) {
  double low = points.front().y, high = low;
  for (const auto& point : points) {
    low = std::min({low, point.y, has_interval(point) ? *point.low : point.y});
    high = std::max({high, point.y, has_interval(point) ? *point.high : point.y});
  }
  const double step = nice_step(high > low ? high - low : std::max(std::abs(high), 1.0) * 0.1);
  low = std::floor(low / step - 0.2) * step;  // so that no point lies on the edge
  high = std::ceil(high / step + 0.2) * step;
  return {low, high, step};
}

/// The horizontal axis from 0 to a little beyond the largest value.
struct Across {
  double high = 1, step = 1;
  std::string place(double x) const { return svg_percent(kLinesLeft + (1 - kLinesLeft) * x / high); }
};

Across across_of(const std::vector<ScatterPoint>& points) {
  double high = 0;
  for (const auto& point : points) high = std::max(high, point.x);
  if (high <= 0) high = 1;
  return {high * 1.06, nice_step(high)};
}

std::string axis_svg(const Across& across, const std::string& name) {
  const double y = kPlotTop + kPlotHeight;
  std::string svg;
  for (double x = 0; x <= across.high; x += across.step) {
    const auto place = across.place(x);
    svg += svg_line(place, y, place, y + 5, kGrey);
    if (x > 0) svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"middle\" font-size=\"11\">{:g}</text>\n", place, y + 17, x);
  }
  return svg + fmt::format("<text x=\"0\" y=\"{:.1f}\" font-size=\"11\">{}</text>\n", y + 17, escape_markup(name));
}

std::string interval_svg(const ScatterPoint& point, const Across& across, const Scale& scale) {
  if (!has_interval(point)) return "";
  const auto x = across.place(point.x);
  return svg_line(x, scale.y(*point.high), x, scale.y(*point.low), point.is_baseline ? kGrey : kBlue,
                  " class=\"interval\" stroke-width=\"3\" opacity=\"0.5\"");
}

std::string point_svg(const ScatterPoint& point, const Across& across, const Scale& scale) {
  const auto x = across.place(point.x);
  const double y = scale.y(point.y);
  return fmt::format(
      "<g><title>{}</title><circle class=\"point\" cx=\"{}\" cy=\"{:.1f}\" r=\"{:g}\" fill=\"{}\" stroke=\"#fff\"/>"
      "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"middle\" font-size=\"11\" font-weight=\"bold\" fill=\"#fff\">{}</text></g>\n",
      escape_markup(point.label), x, y, kRadius, point.is_baseline ? "#666" : kBlue, x, y + 4, escape_markup(point.mark));
}

}  // namespace

std::string scatter_chart_svg(const ScatterChart& chart) {
  std::string svg = svg_open(chart.title, kPlotTop + kPlotHeight + kAxisHeight);
  std::vector<ScatterPoint> points;
  std::copy_if(chart.points.begin(), chart.points.end(), std::back_inserter(points), can_draw);
  if (points.empty()) return svg + "</svg>\n";
  const Scale scale = scale_of(points);
  const Across across = across_of(points);
  svg += svg_grid(scale, chart.unit, kLinesLeft) + axis_svg(across, chart.x_name);
  for (const auto& point : points) svg += interval_svg(point, across, scale);
  for (const auto& point : points) svg += point_svg(point, across, scale);
  return svg + "</svg>\n";
}

}  // namespace nibble

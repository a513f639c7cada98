// SPDX-License-Identifier: Apache-2.0
#include "report/html/svg_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "report/html/svg_chart.h"
#include "report/html/svg_parts.h"

namespace nibble {
namespace {

/// A line stretches with the page, its thickness does not: it is drawn in this many units across.
constexpr double kUnits = 1000;

bool can_draw(const LinePoint& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

struct Range {
  double low = 0, high = 0;
};

std::optional<Range> range_of(const LineChart& chart, double LinePoint::*axis) {
  std::optional<Range> range;
  for (const auto& line : chart.lines)
    for (const auto& point : line.points) {
      if (!can_draw(point)) continue;
      const double value = point.*axis;
      range = range ? Range{std::min(range->low, value), std::max(range->high, value)} : Range{value, value};
    }
  return range;
}

Scale scale_of(const Range& range) {
  const bool is_flat = range.high <= range.low;
  const double spread = is_flat ? std::max(std::abs(range.high), 1.0) * 0.1 : range.high - range.low;
  const double step = nice_step(spread);
  const double low = std::floor(range.low / step) * step, high = std::ceil(range.high / step) * step;
  return {low, high > low ? high : low + step, step};
}

/// Place of a value between the ends of the horizontal axis, 0..1.
struct Across {
  Range range;
  double share(double x) const { return range.high > range.low ? (x - range.low) / (range.high - range.low) : 0.5; }
};

std::string line_svg(const Line& line, const Across& across, const Scale& scale) {
  std::string points;
  for (const auto& point : line.points)
    if (can_draw(point)) points += fmt::format("{:.1f},{:.1f} ", kUnits * across.share(point.x), scale.y(point.y) - kPlotTop);
  if (points.empty()) return "";
  points.pop_back();
  const bool faint = line.style == LineStyle::faint;
  return fmt::format(
      "<polyline class=\"{}\" points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\" "
      "vector-effect=\"non-scaling-stroke\"/>\n",
      faint ? "faint" : "curve", points, faint ? kFaint : kBlue, faint ? 1 : 2);
}

std::string dots_svg(const Line& line, const Across& across, const Scale& scale) {
  std::string svg;
  for (const auto& point : line.points)
    if (can_draw(point))
      svg += fmt::format("<circle class=\"dot\" cx=\"{}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"><title>{:g}: {:.4f}</title></circle>\n",
                         svg_percent(kLinesLeft + (1 - kLinesLeft) * across.share(point.x)), scale.y(point.y), kBlue, point.x, point.y);
  return svg;
}

std::string across_svg(const Across& across, const std::string& name) {
  const double y = kPlotTop + kPlotHeight;
  std::string svg;
  const double step = across.range.high > across.range.low ? nice_step(across.range.high - across.range.low) : 1;
  for (double x = std::ceil(across.range.low / step) * step; x <= across.range.high; x += step) {
    const double share = across.share(x);
    const auto place = svg_percent(kLinesLeft + (1 - kLinesLeft) * share);
    svg += svg_line(place, y, place, y + 5, kGrey);
    svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"{}\" font-size=\"11\">{:g}</text>\n", place, y + 17,
                       share > 0.95 ? "end" : "middle", x);
  }
  return svg + fmt::format("<text x=\"0\" y=\"{:.1f}\" font-size=\"11\">{}</text>\n", y + 17, escape_markup(name));
}

}  // namespace

std::string line_chart_svg(const LineChart& chart) {
  std::string svg = svg_open(chart.title, kPlotTop + kPlotHeight + kAxisHeight);
  const auto x = range_of(chart, &LinePoint::x), y = range_of(chart, &LinePoint::y);
  if (!x || !y) return svg + "</svg>\n";
  const Scale scale = scale_of(*y);
  const Across across{*x};
  svg += svg_grid(scale, chart.unit, kLinesLeft) + across_svg(across, chart.x_name);
  svg += fmt::format(
      "<svg x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\" overflow=\"visible\">\n",
      svg_percent(kLinesLeft), kPlotTop, svg_percent(1 - kLinesLeft), kPlotHeight, kUnits, kPlotHeight);
  for (const auto& line : chart.lines) svg += line_svg(line, across, scale);
  svg += "</svg>\n";
  for (const auto& line : chart.lines)
    if (line.style == LineStyle::dotted) svg += dots_svg(line, across, scale);
  return svg + "</svg>\n";
}

}  // namespace nibble

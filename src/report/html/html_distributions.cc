// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/size_text.h"
#include "report/html/html_parts.h"
#include "report/html/svg_lines.h"
#include "report/html/svg_scatter.h"
#include "report/html/svg_spread.h"
#include "report/task_words.h"
#include "report/variant_row.h"

namespace nibble {
namespace {

using Interval = std::pair<std::optional<double>, std::optional<double>>;

Interval interval_of(const Score& score) {
  const auto found = score.intervals.find(words_of(score.task).main);
  return found == score.intervals.end() ? Interval{} : Interval{found->second.low, found->second.high};
}

void add_scatter(const Report& report, Json& values) {
  ScatterChart chart{.title = std::string(words_of(report.task).main_title) + " against the size of each scored file",
                     .unit = "",
                     .x_name = "MB",
                     .points = {}};
  Json points = Json::array();
  for (const auto& artifact : report.artifacts) {
    if (!artifact.score || artifact.score->main < 0) continue;
    const auto mark = std::to_string(points.size() + 1);
    const auto [low, high] = interval_of(*artifact.score);
    auto text = fmt::format("{}, {}", size_text(artifact.bytes), share_text(artifact.score->main));
    if (low && high) text += fmt::format(" [{:.4f}, {:.4f}]", *low, *high);
    chart.points.push_back({fmt::format("{}: {}", artifact.name, text), mark, static_cast<double>(artifact.bytes) / 1e6,
                            artifact.score->main, low, high, artifact.recipe.empty()});
    points.push_back({{"rank", mark}, {"name", artifact.name}, {"text", text}});
  }
  values["scatter"] = points.empty() ? Json(false) : Json(scatter_chart_svg(chart));
  values["points"] = points;
}

Json spread_of(const Report& report) {
  SpreadChart chart{.title = "times of single runs of each scored file, in milliseconds", .rows = {}};
  for (const auto& artifact : report.artifacts) {
    if (!artifact.score || !artifact.score->latency || artifact.score->latency->run_ms.empty()) continue;
    const auto& latency = *artifact.score->latency;
    chart.rows.push_back(
        {artifact.name, fmt::format("{:.1f} ms (p90 {:.1f})", latency.median_ms, latency.p90_ms), latency.run_ms, artifact.recipe.empty()});
  }
  return chart.rows.empty() ? Json(false) : Json(spread_chart_svg(chart));
}

std::vector<LinePoint> curve_points(const PlacedJson& precision, double step) {
  std::vector<LinePoint> points;
  for (const auto& value : precision.list()) points.push_back({step * static_cast<double>(points.size()), value.get<double>()});
  return points;
}

Json curves_of(const Report& report, const std::map<std::string, PlacedJson>& precision) {
  Json list = Json::array();
  for (const auto& artifact : report.artifacts) {
    const auto found = precision.find(artifact.name);
    if (found == precision.end() || found->second.at("precision").list().empty()) continue;
    const auto& document = found->second;
    const double step = document.at("recall_step");
    const LineChart chart{.title = artifact.name + ": precision at each recall, and the float model's",
                          .unit = "precision",
                          .x_name = "recall",
                          .lines = {{curve_points(document.at("baseline"), step), LineStyle::faint},
                                    {curve_points(document.at("precision"), step), LineStyle::plain}}};
    list.push_back({{"name", artifact.name}, {"chart", line_chart_svg(chart)}});
  }
  return list;
}

}  // namespace

Json distribution_charts(const Report& report, const std::map<std::string, PlacedJson>& precision) {
  Json values = {{"spread", spread_of(report)}, {"curves", curves_of(report, precision)}};
  values["has_curves"] = !values["curves"].empty();
  add_scatter(report, values);
  return values;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "report/html/html_origin.h"
#include "report/html/html_parts.h"
#include "report/html/svg_lines.h"
#include "report/task_words.h"
#include "report/training_text.h"

namespace nibble {
namespace {

constexpr const char* kScore = "held_out/";
constexpr const char* kTotal = "loss/total";
constexpr std::string_view kLoss = "loss/";
/// Points a line of the page has at most.
constexpr std::size_t kPoints = 400;

using Points = std::vector<LinePoint>;

Points points_of(const std::map<std::int64_t, double>& values) {
  Points points;
  for (const auto& [step, value] : values) points.push_back({static_cast<double>(step), value});
  return points;
}

Points thinned(const Points& points) {
  const std::size_t stride = (points.size() + kPoints - 1) / kPoints;
  Points kept;
  for (std::size_t i = 0; i < points.size(); i += std::max<std::size_t>(1, stride)) kept.push_back(points[i]);
  return kept;
}

/// Means of `window` points around each, of fewer at the ends.
Points smoothed(const Points& points, std::size_t window) {
  std::vector<double> sums{0};
  for (const auto& point : points) sums.push_back(sums.back() + point.y);
  Points means;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t half = std::min({window / 2, i, points.size() - 1 - i});
    const double sum = sums[i + half + 1] - sums[i - half];
    means.push_back({points[i].x, sum / static_cast<double>(2 * half + 1)});
  }
  return means;
}

std::size_t window_of(std::size_t points) { return std::max<std::size_t>(3, points / 20) | 1; }

Json loss_chart(const std::string& name, const Points& points) {
  const std::size_t window = window_of(points.size());
  const LineChart chart{.title = name + " by step",
                        .unit = "",
                        .x_name = "steps",
                        .lines = {{thinned(points), LineStyle::faint}, {thinned(smoothed(points, window)), LineStyle::plain}}};
  return {{"name", name == kTotal ? "training loss" : name.substr(kLoss.size())},
          {"note", fmt::format("thin: each step; thick: mean of {} steps", window)},
          {"chart", line_chart_svg(chart)}};
}

Json losses(const TrainingCurve& curve) {
  Json charts = Json::array();
  if (const auto total = curve.find(kTotal); total != curve.end()) charts.push_back(loss_chart(kTotal, points_of(total->second)));
  for (const auto& [name, values] : curve)
    if (name.starts_with(kLoss) && name != kTotal) charts.push_back(loss_chart(name, points_of(values)));
  return charts;
}

Json scores(const TrainingCurve& curve, const TaskWords& words) {
  const auto found = curve.find(std::string(kScore) + words.main);
  if (found == curve.end()) return false;
  const LineChart chart{.title = fmt::format("{} on the held-out images by step", words.main_title),
                        .unit = "",
                        .x_name = "steps",
                        .lines = {{points_of(found->second), LineStyle::dotted}}};
  return line_chart_svg(chart);
}

}  // namespace

Json training_sections(const Report& report, const std::map<std::string, TrainingCurve>& curves) {
  Json sections = Json::array();
  for (const auto& training : report.trainings) {
    const auto curve = curves.find(training.recipe);
    const TrainingCurve none;
    const auto& values = curve == curves.end() ? none : curve->second;
    sections.push_back({{"text", training_text(training, words_of(report.task).main)},
                        {"scores", scores(values, words_of(report.task))},
                        {"losses", losses(values)},
                        {"curve", training.curve_path},
                        {"curve_link", relative_link(training.curve_path)}});
  }
  return sections;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "report/html/class_rows.h"
#include "report/html/html_parts.h"
#include "report/html/svg_changes.h"
#include "report/variant_row.h"

namespace nibble {
namespace {

constexpr std::size_t kShown = 5;
constexpr double kLeast = 5e-5;

struct ClassChange {
  std::string name;
  std::int64_t instances = 0;
  double change = 0;  ///< of ClassNumber::value
};

/// Of the classes that have objects, the greatest loss first.
std::vector<ClassChange> changes_of(const PlacedJson& baseline, const PlacedJson& metrics, Task task) {
  std::map<std::int64_t, double> before;
  for (const auto& row : class_numbers(baseline, task))
    if (row.value >= 0) before[row.id] = row.value;
  std::vector<ClassChange> changes;
  for (const auto& row : class_numbers(metrics, task)) {
    const auto found = before.find(row.id);
    if (found != before.end() && row.value >= 0) changes.push_back({row.name, row.instances, row.value - found->second});
  }
  std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.change < b.change; });
  return changes;
}

/// The greatest losses and then the greatest gains, at most kShown of each, without changes that four decimals do not show.
std::vector<ClassChange> greatest(const std::vector<ClassChange>& changes) {
  std::vector<ClassChange> shown;
  for (const auto& change : changes)
    if (change.change < -kLeast && shown.size() < kShown) shown.push_back(change);
  const auto losses = shown.size();
  for (auto it = changes.rbegin(); it != changes.rend() && shown.size() < losses + kShown && it->change > kLeast; ++it)
    shown.push_back(*it);
  return shown;
}

/// A chart, whose title is what it shows in words: "a.onnx: cat -0.0500 (7 objects), dog ...".
std::string chart_of(const std::string& variant, const std::vector<ClassChange>& shown, double reach, const char* things) {
  ChangeChart chart{.title = "", .rows = {}, .reach = reach};
  std::vector<std::string> words;
  for (const auto& row : shown) {
    const auto text = fmt::format("{:+.4f} ({} {}{})", row.change, row.instances, things, row.instances == 1 ? "" : "s");
    chart.rows.push_back({row.name, text, row.change});
    words.push_back(row.name + " " + text);
  }
  chart.title = fmt::format("{}: {}", variant, fmt::join(words, ", "));
  return change_chart_svg(chart);
}

}  // namespace

Json class_changes(const Report& report, const std::map<std::string, PlacedJson>& metrics) {
  Json list = Json::array();
  const auto* things = report.task == Task::classify ? "image" : "object";
  const auto* baseline = baseline_of(report);
  if (!baseline || !metrics.contains(baseline->name)) return list;
  double reach = 0;
  std::vector<std::pair<std::string, std::vector<ClassChange>>> shown;
  for (const auto& artifact : report.artifacts) {
    const auto found = metrics.find(artifact.name);
    if (artifact.recipe.empty() || found == metrics.end()) continue;
    shown.emplace_back(artifact.name, greatest(changes_of(metrics.at(baseline->name), found->second, report.task)));
    for (const auto& row : shown.back().second) reach = std::max(reach, std::abs(row.change));
  }
  for (const auto& [name, rows] : shown)
    if (!rows.empty()) list.push_back({{"name", name}, {"chart", chart_of(name, rows, reach, things)}});
  return list;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "report/html/class_rows.h"
#include "report/html/html_parts.h"
#include "report/variant_row.h"

namespace nibble {
namespace {

constexpr std::size_t kShown = 5;

struct ClassChange {
  std::string name;
  std::int64_t instances = 0;
  double change = 0;  ///< of ClassNumber::value
};

/// Of the classes that have objects, the greatest loss first.
std::vector<ClassChange> changes_of(const Json& baseline, const Json& metrics, Task task) {
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

/// "cat -0.0500 (7 objects), dog ..."; "none".
template <class Iterator>
std::string text_of(Iterator from, Iterator to, double sign, const char* things) {
  std::vector<std::string> parts;
  for (; from != to && parts.size() < kShown; ++from)
    if (sign * from->change > 5e-5)
      parts.push_back(
          fmt::format("{} {:+.4f} ({} {}{})", from->name, from->change, from->instances, things, from->instances == 1 ? "" : "s"));
  return parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

Json class_changes(const Report& report, const std::map<std::string, Json>& metrics) {
  Json list = Json::array();
  const auto* things = report.task == Task::classify ? "image" : "object";
  const auto* baseline = baseline_of(report);
  if (!baseline || !metrics.contains(baseline->name)) return list;
  for (const auto& artifact : report.artifacts) {
    const auto found = metrics.find(artifact.name);
    if (artifact.recipe.empty() || found == metrics.end()) continue;
    const auto changes = changes_of(metrics.at(baseline->name), found->second, report.task);
    if (changes.empty()) continue;
    list.push_back({{"name", artifact.name},
                    {"lost", text_of(changes.begin(), changes.end(), -1, things)},
                    {"gained", text_of(changes.rbegin(), changes.rend(), 1, things)}});
  }
  return list;
}

}  // namespace nibble

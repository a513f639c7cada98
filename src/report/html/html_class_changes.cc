// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "report/html/html_parts.h"
#include "report/variant_row.h"

namespace nibble {
namespace {

constexpr std::size_t kShown = 5;

struct ClassChange {
  std::string name;
  std::int64_t instances = 0;
  double change = 0;  ///< of AP 50-95
};

/// Of the classes that have objects, the greatest loss first.
std::vector<ClassChange> changes_of(const Json& baseline, const Json& metrics) {
  std::map<std::int64_t, double> before;
  for (const auto& row : baseline.at("metrics").at("per_class"))
    if (row.at("AP_50_95").is_number()) before[row.at("category_id")] = row.at("AP_50_95");
  std::vector<ClassChange> changes;
  for (const auto& row : metrics.at("metrics").at("per_class")) {
    const auto found = before.find(row.at("category_id"));
    if (found == before.end() || !row.at("AP_50_95").is_number()) continue;
    changes.push_back({row.at("name"), row.at("instances"), row.at("AP_50_95").get<double>() - found->second});
  }
  std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.change < b.change; });
  return changes;
}

/// "cat -0.0500 (7 objects), dog ..."; "none".
template <class Iterator>
std::string text_of(Iterator from, Iterator to, double sign) {
  std::vector<std::string> parts;
  for (; from != to && parts.size() < kShown; ++from)
    if (sign * from->change > 5e-5)
      parts.push_back(fmt::format("{} {:+.4f} ({} object{})", from->name, from->change, from->instances, from->instances == 1 ? "" : "s"));
  return parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

Json class_changes(const Report& report, const std::map<std::string, Json>& metrics) {
  Json list = Json::array();
  const auto* baseline = baseline_of(report);
  if (!baseline || !metrics.contains(baseline->name)) return list;
  for (const auto& artifact : report.artifacts) {
    const auto found = metrics.find(artifact.name);
    if (artifact.recipe.empty() || found == metrics.end()) continue;
    const auto changes = changes_of(metrics.at(baseline->name), found->second);
    list.push_back({{"name", artifact.name},
                    {"lost", text_of(changes.begin(), changes.end(), -1)},
                    {"gained", text_of(changes.rbegin(), changes.rend(), 1)}});
  }
  return list;
}

}  // namespace nibble

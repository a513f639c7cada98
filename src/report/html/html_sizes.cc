// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "report/html/html_parts.h"
#include "report/task_words.h"
#include "report/variant_row.h"

namespace nibble {
namespace {

constexpr std::array kSizes = {"small", "medium", "large"};

/// -1: undefined, or the file does not say.
double map_at(const PlacedJson& metrics, const char* size, Task task) {
  const auto key = std::string(task == Task::pose ? "AP_" : "mAP_") + size;
  const auto numbers = metrics.at(words_of(task).group);
  return numbers.contains(key) && numbers.at(key).is_number() ? numbers.at(key).get<double>() : -1;
}

}  // namespace

Json size_table(const Report& report, const std::map<std::string, PlacedJson>& metrics) {
  const auto* baseline = baseline_of(report);
  if (!baseline || !metrics.contains(baseline->name)) return false;
  const auto& of_baseline = metrics.at(baseline->name);
  bool is_known = false;
  Json rows = Json::array();
  for (const auto& artifact : report.artifacts) {
    const auto found = metrics.find(artifact.name);
    if (found == metrics.end()) continue;
    Json cells = Json::array();
    for (const auto* size : kSizes) {
      const double map = map_at(found->second, size, report.task);
      is_known = is_known || map >= 0;
      cells.push_back({{"size", size},
                       {"map", share_text(map)},
                       {"change", artifact.recipe.empty() ? "-" : change_text(map_at(of_baseline, size, report.task), map)}});
    }
    rows.push_back({{"name", artifact.name}, {"cells", cells}});
  }
  if (!is_known) return false;
  return {{"columns", kSizes}, {"rows", rows}};
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "report/html/html_parts.h"
#include "report/variant_row.h"

namespace nibble {
namespace {

constexpr std::array kSizes = {"mAP_small", "mAP_medium", "mAP_large"};

/// -1: undefined, or the file does not say.
double number_at(const Json& metrics, const char* key) {
  const auto& numbers = metrics.at("metrics");
  return numbers.contains(key) && numbers.at(key).is_number() ? numbers.at(key).get<double>() : -1;
}

}  // namespace

Json size_table(const Report& report, const std::map<std::string, Json>& metrics) {
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
      const double map = number_at(found->second, size);
      is_known = is_known || map >= 0;
      cells.push_back(
          {{"map", share_text(map)}, {"change", artifact.recipe.empty() ? "-" : change_text(number_at(of_baseline, size), map)}});
    }
    rows.push_back({{"name", artifact.name}, {"cells", cells}});
  }
  if (!is_known) return false;
  return {{"columns", {"small", "medium", "large"}}, {"rows", rows}};
}

}  // namespace nibble

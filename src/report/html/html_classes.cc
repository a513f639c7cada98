// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "report/html/class_rows.h"
#include "report/html/html_parts.h"
#include "report/variant_row.h"

namespace nibble {
namespace {

/// AP of a class, -1: undefined or the class is not in the file.
using ApByClass = std::map<std::int64_t, double>;

struct ClassRow {
  std::int64_t id = 0;
  std::string name;
  std::int64_t instances = 0;
  double baseline = -1;
  std::vector<double> variants;
  double greatest_loss() const {
    double loss = -std::numeric_limits<double>::infinity();
    for (const double ap : variants)
      if (ap >= 0) loss = std::max(loss, baseline - ap);
    return loss;
  }
};

std::vector<ClassRow> baseline_rows(const PlacedJson& document, Task task) {
  std::vector<ClassRow> rows;
  for (const auto& row : class_numbers(document, task)) rows.push_back({row.id, row.name, row.instances, row.value, {}});
  return rows;
}

void add_variant(std::vector<ClassRow>& rows, const PlacedJson& document, Task task) {
  ApByClass ap;
  for (const auto& row : class_numbers(document, task)) ap[row.id] = row.value;
  for (auto& row : rows) {
    const auto found = ap.find(row.id);
    row.variants.push_back(found == ap.end() ? -1 : found->second);
  }
}

Json row_to_json(const ClassRow& row) {
  Json cells = Json::array();
  for (const double ap : row.variants) cells.push_back({{"ap", share_text(ap)}, {"change", change_text(row.baseline, ap)}});
  return {{"name", row.name}, {"instances", std::to_string(row.instances)}, {"baseline", share_text(row.baseline)}, {"cells", cells}};
}

Json table_of(const std::vector<ClassRow>& rows, const std::vector<std::string>& variants) {
  Json table = {{"variants", variants}, {"rows", Json::array()}};
  for (const auto& row : rows)
    if (row.baseline >= 0) table["rows"].push_back(row_to_json(row));
  const auto shown = table["rows"].size();
  table["count"] = std::to_string(shown);
  table["left_out"] = shown < rows.size() ? Json(std::to_string(rows.size() - shown)) : Json(false);
  return table;
}

}  // namespace

Json class_table(const Report& report, const std::map<std::string, PlacedJson>& metrics) {
  const auto* baseline = baseline_of(report);
  if (!baseline || !metrics.contains(baseline->name)) return false;
  auto rows = baseline_rows(metrics.at(baseline->name), report.task);
  if (rows.empty()) return false;
  std::vector<std::string> variants;
  for (const auto& artifact : report.artifacts) {
    if (artifact.recipe.empty() || !metrics.contains(artifact.name)) continue;
    add_variant(rows, metrics.at(artifact.name), report.task);
    variants.push_back(artifact.name);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.greatest_loss() > b.greatest_loss(); });
  return table_of(rows, variants);
}

}  // namespace nibble

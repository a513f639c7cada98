// SPDX-License-Identifier: Apache-2.0
#include "report/interval_row.h"

#include <fmt/format.h>

#include "report/evidence.h"
#include "report/task_words.h"
#include "report/variant_row.h"

namespace nibble {
namespace {

/// Precision but no recall: of the task's own group, then of boxes where there are some besides.
std::vector<std::string> shown_numbers(Task task) {
  std::vector<std::string> shown;
  const std::string own = words_of(task).group;
  const auto add = [&](const NumberGroup& group) {
    for (const std::string name : group.numbers)
      if (!name.starts_with("AR_")) shown.push_back(number_name(group.name, name));
  };
  for (const auto& group : number_groups())
    if (group.name == own) add(group);
  for (const auto& group : number_groups())
    if (group.name != own && has_boxes_besides(task) && std::string(group.name) == words_of(Task::detect).group) add(group);
  return shown;
}

}  // namespace

std::vector<IntervalRow> interval_rows(const Report& report) {
  std::vector<IntervalRow> rows;
  for (const auto& artifact : report.artifacts) {
    if (!artifact.score || artifact.score->intervals.empty()) continue;
    const auto& score = *artifact.score;
    for (const auto& metric : shown_numbers(score.task)) {
      const auto value = score.numbers.find(metric);
      if (value == score.numbers.end()) continue;
      const auto interval = score.intervals.find(metric);
      const auto change = score.changes.find(metric);
      const bool has_change = change != score.changes.end();
      rows.push_back({artifact.name, metric, fmt::format("{:.4f}", value->second),
                      interval == score.intervals.end() ? "-" : text_of(interval->second),
                      has_change ? fmt::format("{:+.4f}", change->second.difference) : "-",
                      has_change && change->second.interval
                          ? fmt::format("{:+.4f} to {:+.4f}", change->second.interval->low, change->second.interval->high)
                          : "-"});
    }
  }
  return rows;
}

std::string interval_note(const Report& report) {
  return fmt::format("95 % intervals from {} resamples of the scored images; changes are against the FP32 baseline on the same images.",
                     report.resamples);
}

}  // namespace nibble

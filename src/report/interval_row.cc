// SPDX-License-Identifier: Apache-2.0
#include "report/interval_row.h"

#include <fmt/format.h>

#include "report/evidence.h"

namespace nibble {

std::vector<IntervalRow> interval_rows(const Report& report) {
  std::vector<IntervalRow> rows;
  for (const auto& artifact : report.artifacts) {
    if (!artifact.score || artifact.score->intervals.empty()) continue;
    const auto& score = *artifact.score;
    for (const auto* metric : {"mAP_50_95", "mAP_50", "mAP_75", "mAP_small", "mAP_medium", "mAP_large"}) {
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

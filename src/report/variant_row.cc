// SPDX-License-Identifier: Apache-2.0
#include "report/variant_row.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/size_text.h"
#include "report/task_words.h"

namespace nibble {
namespace {

std::string change_cell(const ArtifactReport& artifact, const ArtifactReport* baseline) {
  if (artifact.recipe.empty() || !artifact.score || !baseline || !baseline->score) return "-";
  return change_text(baseline->score->main, artifact.score->main);
}

std::string latency_cell(const ArtifactReport& artifact, double Latency::*field) {
  if (!artifact.score || !artifact.score->latency) return "-";
  return fmt::format("{:.1f}", (*artifact.score->latency).*field);
}

std::string ratio_cell(const ArtifactReport& artifact, const ArtifactReport* baseline) {
  if (!baseline || artifact.bytes == 0) return "-";
  return fmt::format("{:.2f}x", static_cast<double>(baseline->bytes) / static_cast<double>(artifact.bytes));
}

std::string boxes_cell(const Score& score) {
  const auto found = score.numbers.find(words_of(Task::detect).main);
  return found == score.numbers.end() ? "undefined" : share_text(found->second);
}

VariantRow row_of(const ArtifactReport& artifact, const ArtifactReport* baseline) {
  const auto& score = artifact.score;
  return {artifact.name,
          score ? share_text(score->main) : "-",
          change_cell(artifact, baseline),
          score ? share_text(score->second) : "-",
          score ? boxes_cell(*score) : "-",
          latency_cell(artifact, &Latency::mean_ms),
          latency_cell(artifact, &Latency::p90_ms),
          score ? fmt::format("{}", fmt::join(score->providers, ", ")) : "-",
          size_text(artifact.bytes),
          ratio_cell(artifact, baseline),
          artifact.path};
}

}  // namespace

bool has_boxes_besides(Task task) { return task == Task::segment || task == Task::pose; }

std::string share_text(double value) { return value < 0 ? "undefined" : fmt::format("{:.4f}", value); }

std::string change_text(double baseline, double value) {
  if (baseline < 0 || value < 0) return "undefined";
  return fmt::format("{:+.4f}", value - baseline);
}

const ArtifactReport* baseline_of(const Report& report) {
  const auto found = std::find_if(report.artifacts.begin(), report.artifacts.end(), [](const auto& row) { return row.recipe.empty(); });
  return found == report.artifacts.end() ? nullptr : &*found;
}

std::vector<VariantRow> variant_rows(const Report& report) {
  const auto* baseline = baseline_of(report);
  std::vector<VariantRow> rows;
  for (const auto& artifact : report.artifacts) rows.push_back(row_of(artifact, baseline));
  return rows;
}

}  // namespace nibble

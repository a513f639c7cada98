// SPDX-License-Identifier: Apache-2.0
#include "report/summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/environment.h"

namespace nibble {
namespace {

std::string share_text(double value) { return value < 0 ? "undefined" : fmt::format("{:.4f}", value); }

/// '|' would end a table cell.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == '|') escaped += '\\';
    escaped += letter;
  }
  return escaped;
}

const ArtifactReport* baseline_of(const Report& report) {
  const auto found = std::find_if(report.artifacts.begin(), report.artifacts.end(), [](const auto& row) { return row.recipe.empty(); });
  return found == report.artifacts.end() ? nullptr : &*found;
}

std::string change_text(const ArtifactReport& artifact, const ArtifactReport* baseline) {
  if (artifact.recipe.empty() || !artifact.score || !baseline || !baseline->score) return "-";
  if (artifact.score->map_50_95 < 0 || baseline->score->map_50_95 < 0) return "undefined";
  return fmt::format("{:+.4f}", artifact.score->map_50_95 - baseline->score->map_50_95);
}

std::string latency_text(const ArtifactReport& artifact, double Latency::*field) {
  if (!artifact.score || !artifact.score->latency) return "-";
  return fmt::format("{:.1f}", (*artifact.score->latency).*field);
}

std::string ratio_text(const ArtifactReport& artifact, const ArtifactReport* baseline) {
  if (!baseline || artifact.bytes == 0) return "-";
  return fmt::format("{:.2f}x", static_cast<double>(baseline->bytes) / static_cast<double>(artifact.bytes));
}

std::string table_row(const ArtifactReport& artifact, const ArtifactReport* baseline) {
  const auto& score = artifact.score;
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", cell(artifact.name),
                     score ? share_text(score->map_50_95) : "-", change_text(artifact, baseline), score ? share_text(score->map_50) : "-",
                     latency_text(artifact, &Latency::mean_ms), latency_text(artifact, &Latency::p90_ms),
                     score ? fmt::format("{}", fmt::join(score->providers, ", ")) : "-", size_text(artifact.bytes),
                     ratio_text(artifact, baseline), cell(artifact.path));
}

std::string table(const Report& report) {
  const auto* baseline = baseline_of(report);
  std::string text =
      "| variant | mAP_50_95 | change | mAP_50 | mean_ms | p90_ms | providers | file size | ratio | path |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n";
  for (const auto& artifact : report.artifacts) text += table_row(artifact, baseline);
  return text;
}

std::string bullets(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += "- " + line + "\n";
  return text.empty() ? "none\n" : text;
}

std::string gates_section(const Report& report) {
  if (report.gates.empty()) return "not judged\n";
  const auto failed = std::count_if(report.gates.begin(), report.gates.end(), [](const auto& gate) { return !gate.passed; });
  std::string text = failed == 0 ? fmt::format("All {} passed.\n\n", report.gates.size())
                                 : fmt::format("**{} of {} FAILED.**\n\n", failed, report.gates.size());
  text += "| gate | of | result | found |\n|---|---|---|---|\n";
  for (const auto& gate : report.gates)
    text += fmt::format("| {} | {} | {} | {} |\n", gate.gate, cell(gate.subject), gate.passed ? "passed" : "FAILED", cell(gate.detail));
  return text;
}

std::string layers_section(const Report& report) {
  std::string text;
  for (const auto& recipe : report.recipes) {
    text += fmt::format("- {}: {} convolutions quantised on {} images", recipe.name, recipe.quantized_layers, recipe.calibration_images);
    if (!recipe.float_layers.empty()) text += fmt::format("; float: {}", fmt::join(recipe.float_layers, ", "));
    if (!recipe.skipped_layers.empty()) text += fmt::format("; **skipped: {}**", fmt::join(recipe.skipped_layers, ", "));
    text += "\n";
  }
  return text;
}

std::string parity_section(const Report& report) {
  std::string text;
  for (const auto& artifact : report.artifacts) {
    for (const auto& parity : artifact.parity)
      text += fmt::format("- {}: {}: scores differ by at most {:.3g}, boxes by {:.3g} px\n", artifact.name, parity.what, parity.max_score,
                          parity.max_box_px);
    if (artifact.score && artifact.score->reference_map_50_95)
      text += fmt::format("- {}: mAP_50_95 {} with optimisations on, {} off\n", artifact.name, share_text(artifact.score->map_50_95),
                          share_text(*artifact.score->reference_map_50_95));
  }
  return text;
}

std::string section(const std::string& title, const std::string& body) {
  return body.empty() ? "" : fmt::format("\n## {}\n{}", title, body);
}

}  // namespace

std::string summary_markdown(const Report& report) {
  std::string text = fmt::format("# {}: head {}, {} x {} px\n\n", report.model, report.head, report.image_size, report.image_size);
  if (report.status != "done") text += fmt::format("**This run is not complete: {}.** What was finished stands below.\n\n", report.status);
  text += table(report);
  text += "\nChange and ratio are against the FP32 baseline. Times: one image, batch 1, warm-up left out. \"-\": not measured.\n";
  text += section("Data", bullets(report.data));
  text += section("Layers", layers_section(report));
  text += section("Numeric parity", parity_section(report));
  text += section("Gates", gates_section(report));
  text += section("Caveats", bullets(report.caveats));
  return text;
}

}  // namespace nibble

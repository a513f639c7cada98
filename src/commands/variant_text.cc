// SPDX-License-Identifier: Apache-2.0
#include "commands/variant_text.h"

#include <fmt/format.h>

#include "base/size_text.h"
#include "report/budget_text.h"

namespace nibble {
namespace {

std::string layers_text(const RecipeReport& report, const Json& layers) {
  std::string text =
      fmt::format("{}: {} convolutions quantised on {} images\n", report.name, report.quantized_layers, report.calibration_images);
  if (layers.contains("budget"))
    for (const auto& line : budget_lines(layers.at("budget"))) text += fmt::format("  {}\n", line);
  for (const auto& layer : report.float_layers) text += fmt::format("  float    {}\n", layer);
  for (const auto& layer : report.skipped_layers) text += fmt::format("  SKIPPED  {}\n", layer);
  return text;
}

std::string file_text(const ArtifactReport& file) {
  const std::string line = fmt::format("  {:>9}  {}\n", size_text(file.bytes), file.path);
  return file.loads && file.finite ? line : line + fmt::format("             PROBLEM  {}\n", file.problem);
}

}  // namespace

std::string left_out_text(const std::vector<BadDatum>& bad, const std::string& what) {
  std::string text = bad.empty() ? "" : fmt::format("  left out as bad data, of {}: {}\n", what, bad.size());
  for (const auto& datum : bad) text += fmt::format("    {}\n", datum.reason);
  return text;
}

std::string variant_text(const VariantJob& job, const Variant& variant) {
  std::string text = layers_text(variant.numbers.report, variant.numbers.layers);
  for (const auto& file : variant.checks.files) text += file_text(file);
  for (const auto& twin : variant.checks.twins)
    text += fmt::format("  equal: {} and {}: {} integers{}\n", twin.artifact, twin.reference, twin.codes,
                        twin.weights > 0 ? fmt::format(", {} dequantised numbers, bit for bit", twin.weights) : "");
  return text + fmt::format("  layers: {}\n", job.layers.string());
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/image_size_text.h"
#include "base/size_text.h"
#include "report/agreement_text.h"
#include "report/budget_text.h"
#include "report/task_words.h"
#include "report/training_text.h"
#include "text/result_text.h"

namespace nibble {
namespace {

/// What the calibration images are worth.
std::string images_text(const CalibrationCheck& check) {
  std::string text;
  if (check.convergence) {
    const auto& c = *check.convergence;
    text += fmt::format("  calibration statistics: uncertain by {:.1f} % in the worst tenth of the layers",
                        100 * c.worst_error_of(check.images));
    if (c.recommended > check.images)
      text += fmt::format("; {} images would leave {:.1f} %", c.recommended, 100 * c.worst_error_of(c.recommended));
    if (c.recommended == 0) text += fmt::format("; even 1024 images would leave more than {:.0f} %", 100 * kEnough);
    text += "\n";
  }
  if (check.objects)
    text += fmt::format("  calibration images: the float network sees {} objects of {} of its {} classes on {} of them\n",
                        check.objects->objects, check.objects->classes.size(), check.objects->network_classes, check.objects->images);
  for (const auto& line : check.objections) text += fmt::format("  CAVEAT  {}\n", line);
  return text;
}

std::string layers_text(const QuantizeResult& result) {
  const RecipeReport& recipe = result.recipe;
  std::string text = fmt::format("{}: {} convolutions quantised on {} images, input {} px\n", recipe.name, recipe.quantized_layers,
                                 recipe.calibration_images, text_of(result.image_size));
  if (result.images) text += images_text(*result.images);
  if (result.agreement) {
    text += fmt::format("  {}\n", describe(*result.agreement, result.task));
    for (const auto& line : objections_to(*result.agreement, result.task, result.images ? result.images->source : "the calibration images"))
      text += fmt::format("  CAVEAT  {}\n", line);
  }
  if (result.budget)
    for (const auto& line : budget_lines(*result.budget, result.task)) text += fmt::format("  {}\n", line);
  for (const auto& layer : recipe.float_layers) text += fmt::format("  float    {}\n", layer);
  for (const auto& layer : recipe.skipped_layers) text += fmt::format("  SKIPPED  {}\n", layer);
  for (const auto& layer : recipe.rounded_with_less) text += fmt::format("  ROUNDED WITH LESS  {}\n", layer);
  return text;
}

std::string file_text(const ArtifactReport& file) {
  const std::string line = fmt::format("  {:>9}  {}\n", size_text(file.bytes), file.path);
  return file.loads && file.finite ? line : line + fmt::format("             PROBLEM  {}\n", file.problem);
}

}  // namespace

std::string text_of(const QuantizeResult& result) {
  if (result.files.empty()) return "";
  std::string text = result.training ? training_text(*result.training, words_of(result.task).main) + "\n" : "";
  text += layers_text(result);
  for (const auto& file : result.files) text += file_text(file);
  for (const auto& twin : result.twins)
    text += fmt::format("  equal: {} and {}: {} integers{}\n", twin.artifact, twin.reference, twin.codes,
                        twin.weights > 0 ? fmt::format(", {} dequantised numbers, bit for bit", twin.weights) : "");
  text += fmt::format("  layers: {}\n", result.layers_file.string());
  if (result.training) text += fmt::format("  losses and scores by step: {}\n", result.training->curve_path);
  if (!result.bad_data.empty())
    text += fmt::format("  left out as bad data, of {}: {}\n", result.training ? "training" : "calibration", result.bad_data.size());
  for (const auto& reason : result.bad_data) text += fmt::format("    {}\n", reason);
  return text;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "calibration/budget.h"

#include <fmt/format.h>

#include <algorithm>

#include "nibble/error.h"
#include "quant/place.h"
#include "scoring/task_set.h"

namespace nibble {
namespace {

void require_sense(const Recipe& recipe, const BudgetOptions& budget) {
  if (budget.max_bytes && budget.max_drop)
    throw Error(ErrorKind::usage, "budget: --max-size and --max-drop: one excludes the other; give one of them");
  if (budget.max_bytes && *budget.max_bytes < 1)
    throw Error(ErrorKind::usage, fmt::format("budget: --max-size {}: must be at least a byte", *budget.max_bytes));
  if (budget.max_drop && !(*budget.max_drop > 0 && *budget.max_drop <= 100))
    throw Error(ErrorKind::usage, fmt::format("budget: --max-drop {}: must be above 0 and at most 100 points", *budget.max_drop));
  if (recipe.weights.bits >= recipe.mixed.high_bits)
    throw Error(ErrorKind::usage, fmt::format("budget: recipe {}: its weights have {} bits already and would be raised to {}; choose a "
                                              "recipe with fewer, as w4a16",
                                              recipe.name, recipe.weights.bits, recipe.mixed.high_bits));
}

}  // namespace

void apply_budget(Recipe& recipe, const BudgetOptions& budget) {
  if (!budget.max_bytes && !budget.max_drop) return;
  require_sense(recipe, budget);
  if (!recipe.mixed.is_on()) recipe.name += "-mixed";
  recipe.mixed.average_bits = 0;
  recipe.mixed.max_bytes = budget.max_bytes.value_or(0);
  recipe.mixed.max_drop = budget.max_drop.value_or(0);
}

void require_codes_fit(const Graph& baseline, const Recipe& recipe) {
  if (recipe.mixed.max_bytes == 0) return;
  std::int64_t bits = 0;
  for (const LayerPlan& plan : place_quantizers(baseline, recipe)) {
    const Value& weight = baseline.value(baseline.nodes[plan.node].inputs[1]);
    bits += count_of(weight.shape) * (plan.weight ? plan.weight->stored_bits() : 32);
  }
  if (bits / 8 <= recipe.mixed.max_bytes) return;
  throw Error(ErrorKind::input,
              fmt::format("budget: {}: its weights alone take {} bytes, {} were allowed for the file; allow more, or take "
                          "a recipe with fewer bits (nibble recipes lists them)",
                          recipe.name, bits / 8, recipe.mixed.max_bytes));
}

void require_use_of(const JudgeOptions& judge, const Recipe& recipe) {
  if (!judge.data.empty() && recipe.mixed.max_drop == 0)
    throw Error(ErrorKind::usage, fmt::format("budget: --judge {}: nothing is judged without --max-drop or a recipe with mixed.max_drop",
                                              judge.data.string()));
}

JudgeImages open_judge_images(const JudgeOptions& judge, const CalibrationSet& calibration, std::uint64_t seed, const ModelInfo& info) {
  ImageSource source{judge.data, judge.images, {}, "images to judge by"};
  if (source.data.empty()) {
    source.data = calibration.name;
    source.files = calibration.files;
    source.files.resize(std::min<std::size_t>(source.files.size(), kMostJudgedOfCalibration));
  }
  const TaskImages images = read_task_images(source, info);
  return {task_set_of(images, draw_ids(images.dataset, kMostJudged, seed), source), images.has_labels};
}

std::string describe_judge(const JudgeImages& images) {
  const auto where = fmt::format("{} images of {}", images.set.dataset.images.size(), images.set.annotations_name);
  return images.has_labels ? "the labels of " + where
                           : fmt::format("what the float network is sure of in {}, which is stricter than labels", where);
}

Json budget_document(const Recipe& recipe, const ChosenBits& chosen) {
  const MixedRecipe& mixed = recipe.mixed;
  const auto& [raised, average_bits, damage] = chosen.point;
  Json document = {{"chosen", {{"raised", raised}, {"average_bits", average_bits}, {"damage", damage}}}};
  if (mixed.average_bits > 0) document["average_bits"] = mixed.average_bits;
  if (mixed.max_bytes > 0) document["max_bytes"] = mixed.max_bytes;
  if (mixed.max_drop == 0) return document;
  document["max_drop"] = mixed.max_drop;
  document["judge"] = chosen.judge;
  for (const BitTrial& trial : chosen.trials) document["trials"].push_back({{"average_bits", trial.average_bits}, {"drop", trial.drop}});
  return document;
}

}  // namespace nibble

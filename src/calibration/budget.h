// SPDX-License-Identifier: Apache-2.0
// Budgets of mixed precision as users state them, and the images that a drop is measured on.
#pragma once
#include <string>

#include "base/json.h"
#include "calibration/calibration_set.h"
#include "nibble/options.h"
#include "quant/calibrate.h"
#include "scoring/eval_set.h"
#include "yolo/detector.h"

namespace nibble {

/// Puts the options' budget, where there is one, in the place of the recipe's; a recipe without mixed bits is called "<name>-mixed" from
/// then on. Error(usage) for two budgets, one that nothing can keep, or a recipe with as many bits already.
void apply_budget(Recipe& recipe, const BudgetOptions& budget);
/// Error(usage) where the recipe has no use for a judge.
void require_use_of(const JudgeOptions& judge, const Recipe& recipe);

struct JudgeImages {
  EvalSet set;  ///< without annotations where the data has no labels
  bool has_labels = false;
};
constexpr std::int64_t kMostJudged = 500, kMostJudgedOfCalibration = 100;
/// At most kMostJudged of the options' images, drawn by the seed; without any, the first of the calibration images. Errors as read_images.
JudgeImages open_judge_images(const JudgeOptions& judge, const CalibrationSet& calibration, std::uint64_t seed, const ModelInfo& info);
/// "the labels of 128 images of instances.json".
std::string describe_judge(const JudgeImages& images);

/// What a layers document says of it (docs/formats.md); for recipes with mixed bits.
Json budget_document(const Recipe& recipe, const ChosenBits& chosen);

}  // namespace nibble

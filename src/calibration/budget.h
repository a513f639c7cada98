// SPDX-License-Identifier: Apache-2.0
// Budgets of mixed bits as users state them, and the images on which a drop of mAP is measured.
#pragma once
#include <string>

#include "base/json.h"
#include "calibration/calibration_set.h"
#include "nibble/options.h"
#include "quant/calibrate.h"
#include "scoring/eval_set.h"
#include "yolo/detector.h"

namespace nibble {

/// Replaces the recipe's budget by that of the options, where they have one; a recipe that had none is then called "<name>-mixed".
/// Error(usage) for two budgets, for one that nothing can keep, and for a recipe whose layers all have the high bits already.
void apply_budget(Recipe& recipe, const BudgetOptions& budget);
/// Error(input) where the codes of the weights alone, at the recipe's low bits, are more bytes than the recipe allows: known before minutes
/// of calibration. Nothing happens without a limit of bytes.
void require_codes_fit(const Graph& baseline, const Recipe& recipe);
/// Error(usage) where images for the judge are named but the recipe measures no drop.
void require_use_of(const JudgeOptions& judge, const Recipe& recipe);

/// The images on which the judge scores files.
struct JudgeImages {
  EvalSet set;  ///< without annotations where the data has no labels
  bool has_labels = false;
};
/// At most so many images are scored for each trial: of those that the options name, and of calibration images.
constexpr std::int64_t kMostJudged = 500, kMostJudgedOfCalibration = 100;
/// At most kMostJudged of the images that the options name, drawn by the seed; where they name none, the first kMostJudgedOfCalibration of
/// the calibration images, without labels. Errors as read_images.
JudgeImages open_judge_images(const JudgeOptions& judge, const CalibrationSet& calibration, std::uint64_t seed, const ModelInfo& info);
/// The judge's images as a phrase, for example "the labels of 128 images of instances.json".
std::string describe_judge(const JudgeImages& images);

/// The part `budget` of a layers document (docs/formats.md), for recipes with mixed bits.
Json budget_document(const Recipe& recipe, const ChosenBits& chosen);

}  // namespace nibble

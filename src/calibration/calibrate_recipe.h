// SPDX-License-Identifier: Apache-2.0
// Calibration of one recipe, with what its budget is measured by.
#pragma once
#include <filesystem>

#include "base/progress.h"
#include "calibration/calibration_set.h"
#include "nibble/options.h"
#include "quant/calibrate.h"
#include "yolo/detector.h"

namespace nibble {

struct CalibrationJob {
  const Detector& baseline;
  const Recipe& recipe;
  const CalibrationSet& images;
  JudgeOptions judge;
  std::filesystem::path scratch;  ///< files that a budget is measured on are written beside it and removed again
  const RuntimeOptions& runtime;
};

/// Errors as calibrate, and as open_judge_images.
CalibrationResult calibrate_recipe(const CalibrationJob& job, Progress& progress);

}  // namespace nibble

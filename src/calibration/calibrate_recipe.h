// SPDX-License-Identifier: Apache-2.0
// Calibrates one recipe, and gives calibration the means to measure a budget: sizes and scores of written files.
#pragma once
#include <filesystem>

#include "base/progress.h"
#include "calibration/calibration_set.h"
#include "nibble/options.h"
#include "quant/calibrate.h"
#include "yolo/detector.h"

namespace nibble {

class FloatFindings;
class Processes;

struct CalibrationJob {
  const Detector& baseline;
  const Recipe& recipe;
  const CalibrationSet& images;
  JudgeOptions judge;
  std::filesystem::path scratch;  ///< files for measuring a budget are written beside this name and removed again
  const RuntimeOptions& runtime;
  KeptStatistics* kept = nullptr;  ///< shared by jobs of one network; they may differ in images and recipe
  Processes* processes = nullptr;  ///< of the command, which share loops over images; null: alone
  /// With several processes: what the others read the same baseline from.
  std::filesystem::path checkpoint = {};
  BuildOptions build = {};
  FloatFindings* float_findings = nullptr;  ///< shared by jobs of one network; null: each looks for itself
};

/// The name of the duty in which the other processes help, and what they do: they read the same checkpoint and the same images, whose paths
/// have to mean the same to them.
inline constexpr const char* kCalibrateDuty = "calibrate";
void help_to_calibrate_recipe(const Json& task, Processes& processes);

/// The quantised graph and its rows. `images` of the result counts files, not their views. Errors as calibrate and open_judge_images.
CalibrationResult calibrate_recipe(const CalibrationJob& job, Progress& progress);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Everything a run needs, found and checked before any work starts.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "calibration/calibrate_recipe.h"
#include "calibration/calibration_set.h"
#include "calibration/float_findings.h"
#include "nibble/run.h"
#include "quant/recipe.h"
#include "report/gates.h"
#include "run/run_dir.h"
#include "scoring/task_set.h"
#include "yolo/detector.h"

namespace nibble {

class Processes;

struct RunPlan {
  RunOptions options;  ///< paths resolved: checkpoint, runs_dir and run_id are set
  bool uses_embedded_model = false;
  RunNames names;
  TaskForm form;       ///< of the checkpoint
  BuildOptions build;  ///< with the image size, which the checkpoint says where the options do not
  std::vector<Recipe> recipes;
  std::map<std::string, CalibrationSet> calibration;                                  ///< by recipe
  std::shared_ptr<KeptStatistics> kept = std::make_shared<KeptStatistics>();          ///< from one recipe to the next
  std::shared_ptr<FloatFindings> float_findings = std::make_shared<FloatFindings>();  ///< likewise
  EvalSet evaluation;
  Processes* processes = nullptr;  ///< which share loops over images; null: alone
  GateLimits limits;
  Json inputs;                        ///< for the manifest: checkpoint, images, annotations with hashes
  Json images;                        ///< names and hashes of scored and calibration images: config/images.json
  Json source_key;                    ///< what decides the float baseline
  std::vector<std::string> caveats;   ///< known before the start
  std::vector<std::string> bad_data;  ///< as Report::bad_data, known before the start

  ImageSize image_size() const { return build.image_size.value(); }
};

/// Error(usage) or Error(input) for whatever is missing or makes no sense.
RunPlan plan_run(const RunOptions& options);

/// Where run directories go when nobody says: tmp/<model>_<recipe>_<recipe>..., in the order given; tmp/<model>_brevitas_w4a8_w4a16 for
/// these two alone, in either order. Where that would be longer than a folder may be called, the number of recipes and a hash of their
/// names stand for them.
std::filesystem::path default_runs_dir(const std::string& model, const std::vector<std::string>& recipes);

/// How a recipe is calibrated. It refers to `plan`, `recipe` and `baseline`.
CalibrationJob calibration_job(const RunPlan& plan, const Recipe& recipe, const Detector& baseline, const RunDirectory& directory);

/// What decides a recipe's files.
std::string recipe_key(const RunPlan& plan, const Recipe& recipe);
/// What decides the metrics of a file. `baseline_sha256`: of the file that changes are measured against; empty: none.
std::string metrics_key(const RunPlan& plan, const std::string& artifact_sha256, bool optimize, const std::string& baseline_sha256 = "");

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The one way from a float network to the files of a recipe: calibrate, perhaps train, choose ranges, write the files and the layers
// file, prove and check them. Every command that makes quantised files goes through here, so none of them can leave a finding out.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "artifacts/twin_proof.h"
#include "artifacts/variant_files.h"
#include "base/json.h"
#include "base/progress.h"
#include "calibration/calibrate_recipe.h"
#include "nibble/report.h"
#include "training/qat_start.h"
#include "training/qat_training.h"

namespace nibble {

/// A recipe's network with its numbers found in one way, "ptq" or "qat", as a set of files.
struct VariantJob {
  CalibrationJob calibration;      ///< its baseline and recipe are the variant's
  std::vector<VariantFile> files;  ///< the files that are written, as files_of lists them
  VariantPath path_of;             ///< where each of them goes
  std::filesystem::path layers;    ///< where the layers file goes (docs/formats.md)
  int opset = 0;                   ///< of the files; 0 for each dialect's own (require_opset)
  KeptStart start = {};            ///< where the calibrated network is kept for a training; an empty path keeps it nowhere
  QatJob* training = nullptr;      ///< the training that follows calibration; null where the calibrated network is the result

  const char* method() const { return training ? "qat" : "ptq"; }
};

struct VariantNumbers {
  RecipeReport report;           ///< quantised, float and skipped layers
  Json layers;                   ///< what the layers file holds
  std::optional<FitResult> fit;  ///< the course of the training; empty where there was none
};

/// Writes the files of a variant; every layer that was skipped is also logged as a warning. Where several processes train together,
/// only the first one writes; in the others the result is empty. Error(environment) where the disk cannot hold the files; errors as
/// calibrate_recipe, train_job and write_variant_files.
std::optional<VariantNumbers> write_variant(const VariantJob& job, Progress& progress);

struct VariantChecks {
  std::vector<ArtifactReport> files;  ///< one for each file, in order
  std::vector<TwinReport> twins;      ///< one for each pair of prove_twins
};
struct VariantPlace {
  const Recipe& recipe;
  std::string method;
  const std::vector<VariantFile>& files;
  VariantPath path_of;
  VariantPath shown_path_of;  ///< the path of each file as ArtifactReport::path is to show it
};
/// Loads each file and runs it once, and proves that all hold the same weights.
VariantChecks check_variant(const VariantPlace& place, const RuntimeOptions& runtime, Progress& progress);

struct Variant {
  VariantNumbers numbers;
  VariantChecks checks;
};
/// Does write_variant and then check_variant, for commands that leave files and no run directory. Error(internal) naming the first twins
/// that do not agree. A file that does not load, or whose outputs are not finite, gives a warning and is told by its row of the result. The
/// result is empty where that of write_variant is.
std::optional<Variant> make_variant(const VariantJob& job, Progress& progress);

}  // namespace nibble

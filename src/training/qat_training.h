// SPDX-License-Identifier: Apache-2.0
// One training, from the calibrated network to the trained one, as `qat` and `run --qat` both do it.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "base/progress.h"
#include "comm/processes.h"
#include "nibble/options.h"
#include "nibble/report.h"
#include "quant/recipe.h"
#include "train/fit_options.h"
#include "training/qat_data.h"
#include "yolo/detector.h"

namespace nibble {

class FloatFindings;

/// Files of a training.
struct QatPlaces {
  std::filesystem::path start;     ///< the calibrated network; removed when the training is finished
  std::filesystem::path snapshot;  ///< the state of the training; removed likewise
  std::filesystem::path curve;     ///< losses and scores by step, as CSV
  std::filesystem::path events;    ///< the folder of TensorBoard's event files
  std::filesystem::path scored;    ///< ONNX files are written beside this name, scored and removed again
};

struct QatJob {
  const Detector& baseline;
  const Recipe& recipe;
  const QatCourse& course;
  const RuntimeOptions& runtime;
  QatImages images;  ///< where they have no labels, the float network's own detections stand in when held-out images are scored
  QatPlaces places;
  std::string run;      ///< the key of everything that decides the result (train/snapshot.h)
  bool resume = false;  ///< whether to go on from the snapshot
  /// The processes that train together. Only the first one scores and shows progress.
  std::shared_ptr<Processes> processes = std::make_shared<Processes>();
  int local_rank = 0;                       ///< as in ComputeDevice
  FloatFindings* float_findings = nullptr;  ///< as in CalibrationJob
};

struct QatOutcome {
  Graph graph;
  FitResult fit;
};

/// What the course and the images contribute to a run's key.
Json describe(const QatCourse& course, const QatImages& images);

/// Trains from `start`. By the score on held-out images the result is never worse than it. Errors as those of fit (train/fit.h); after
/// Error(interrupted) the snapshot is there.
QatOutcome train_job(QatJob& job, const Graph& start, Progress& progress);

/// Removes the snapshot and the start, which a finished training no longer needs.
void remove_state(const QatPlaces& places);

/// What the report says of the training. `curve` is the path of the curve as the report is to name it.
TrainingReport report_of(const QatJob& job, const FitResult& fit, const std::string& curve);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// One training, from the calibrated network to a trained one: what `qat` and `run --qat` share.
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

/// Files of a training.
struct QatPlaces {
  std::filesystem::path start;     ///< the calibrated network, until the training is finished
  std::filesystem::path snapshot;  ///< the state, until then
  std::filesystem::path curve;     ///< losses and scores, CSV
  std::filesystem::path events;    ///< folder of TensorBoard's files
  std::filesystem::path scored;    ///< ONNX file that is scored and removed again
};

struct QatJob {
  const Detector& baseline;
  const Recipe& recipe;
  const QatCourse& course;
  const RuntimeOptions& runtime;
  QatImages images;  ///< held-out images without labels get the float network's
  QatPlaces places;
  std::string run;  ///< key of all that decides the result, as in train/snapshot.h
  bool resume = false;
  std::shared_ptr<Processes> processes = std::make_shared<Processes>();  ///< that train together; the first one scores and shows
  int local_rank = 0;                                                    ///< as in ComputeDevice
};

struct QatOutcome {
  Graph graph;
  FitResult fit;
};

/// The part of a run's key that the course and the images are.
Json describe(const QatCourse& course, const QatImages& images);

/// Trains from `start`; never ends below it. Errors as fit's (train/fit.h): interrupted means that the snapshot was written.
QatOutcome train_job(QatJob& job, const Graph& start, Progress& progress);

/// The snapshot and the start, which a finished training needs no more.
void remove_state(const QatPlaces& places);

/// `curve`: as the report shall name it.
TrainingReport report_of(const QatJob& job, const FitResult& fit, const std::string& curve);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// COCO numbers of one ONNX file: detect, score, time.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/progress.h"
#include "eval/task_numbers.h"
#include "nibble/evaluate.h"
#include "nibble/options.h"
#include "ort/session.h"
#include "scoring/eval_set.h"

namespace nibble {

class Processes;

struct ScoringOptions {
  std::filesystem::path model;
  std::string model_name;  ///< as metrics.json shall name it
  std::string title;       ///< for progress
  DetectOptions detect;
  DetectorFileOptions file = {};
  bool optimize = true;
  bool skip_latency = false;
  std::int64_t resamples = 0;             ///< for intervals; drawn by runtime.seed
  const TaskNumbers* baseline = nullptr;  ///< of the same images, resamples and seed: changes are measured against it
  RuntimeOptions runtime;
  Processes* processes = nullptr;  ///< of the command, which share the images; null: alone
};
struct ScoringResult {
  Json document = Json::object();  ///< metrics.json
  TaskNumbers numbers;
  std::optional<Latency> latency;
  std::vector<std::string> providers;  ///< of the session, in effect
  std::string head;                    ///< name_of(OutputKind); "classes" of a classifier
  Findings findings;
};

/// A model of the set's task (EvalSet::truth) on its images. Logs a warning where class names differ from the data set's. Error(input) for
/// a model of another task.
ScoringResult score_model(const ScoringOptions& options, const EvalSet& set, Progress& progress);
/// The same of a session of options.model that is open already.
ScoringResult score_model(Session session, const ScoringOptions& options, const EvalSet& set, Progress& progress);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The judge decides which bits or trained numbers of a network are kept, by the main
// number of the exported file in ONNX Runtime: mAP of boxes, masks or oriented boxes, AP of keypoints, top-1 (eval/task_numbers.h).
#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "base/progress.h"
#include "calibration/float_findings.h"
#include "graph/graph.h"
#include "nibble/options.h"
#include "quant/recipe.h"
#include "scoring/eval_set.h"
#include "scoring/score_model.h"
#include "yolo/detector.h"

namespace nibble {

class Judge {
 public:
  /// For each score an ONNX file is written beside `file`, run on `images` and removed again. `title` is for progress. `processes`: that
  /// share the images; null: alone. `kept`: where what the float network finds is taken from, and put for others; null: nowhere.
  Judge(const Detector& baseline, const Recipe& recipe, EvalSet& images, std::filesystem::path file, const RuntimeOptions& runtime,
        Progress& progress, std::string title = {}, Processes* processes = nullptr, FloatFindings* kept = nullptr)
      : baseline_(baseline),
        recipe_(recipe),
        images_(images),
        file_(std::move(file)),
        runtime_(runtime),
        progress_(progress),
        title_(std::move(title)),
        processes_(processes),
        kept_(kept) {}

  /// The main number of a quantised graph. Error(input) where the images show no object.
  double score(const Graph& graph) const;
  /// That of the float baseline, with the same error.
  double score_baseline() const;
  /// Takes what the float network is sure of (what it finds with a score of at least 0.3; of a classifier its first class of each image) as
  /// labels of the images. Returns its own main number against them.
  double label();

 private:
  using Emit = std::function<void(const std::filesystem::path&)>;
  /// `act` on the path of a file that `emit` wrote; then it is removed.
  void with_file(const Emit& emit, const std::function<void(const std::filesystem::path&)>& act) const;
  double score_file(const Emit& emit) const;
  Findings found_by_float() const;
  double number_of(const TaskNumbers& numbers) const;

  const Detector& baseline_;
  const Recipe& recipe_;
  EvalSet& images_;
  const std::filesystem::path file_;
  const RuntimeOptions& runtime_;
  Progress& progress_;
  const std::string title_;
  Processes* const processes_;
  FloatFindings* const kept_;
};

}  // namespace nibble

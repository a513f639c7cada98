// SPDX-License-Identifier: Apache-2.0
// The judge decides which bits or trained numbers of a network are kept, by the mAP of the exported file in ONNX Runtime.
#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "base/progress.h"
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
  /// share the images; null: alone.
  Judge(const Detector& baseline, const Recipe& recipe, EvalSet& images, std::filesystem::path file, const RuntimeOptions& runtime,
        Progress& progress, std::string title = {}, Processes* processes = nullptr)
      : baseline_(baseline),
        recipe_(recipe),
        images_(images),
        file_(std::move(file)),
        runtime_(runtime),
        progress_(progress),
        title_(std::move(title)),
        processes_(processes) {}

  /// mAP_50_95 of a quantised graph. Error(input) where the images show no object.
  double score(const Graph& graph) const;
  /// mAP_50_95 of the float baseline, with the same error.
  double score_baseline() const;
  /// Takes what the float network is sure of (detections with a score of at least 0.3) as labels of the images. Returns its own mAP_50_95
  /// against them.
  double label();

 private:
  ScoringResult score_file(const std::function<void(const std::filesystem::path&)>& emit) const;
  ScoringResult detect_baseline() const;
  double map_of(const Json& metrics) const;

  const Detector& baseline_;
  const Recipe& recipe_;
  EvalSet& images_;
  const std::filesystem::path file_;
  const RuntimeOptions& runtime_;
  Progress& progress_;
  const std::string title_;
  Processes* const processes_;
};

}  // namespace nibble

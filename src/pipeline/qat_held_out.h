// SPDX-License-Identifier: Apache-2.0
// What decides which weights of a training are kept: mAP on images it does not see, of the exported file in ONNX Runtime.
#pragma once
#include <filesystem>
#include <functional>

#include "graph/graph.h"
#include "nibble/run.h"
#include "pipeline/eval_set.h"
#include "pipeline/scoring.h"
#include "quant/recipe.h"
#include "yolo/detector.h"

namespace nibble {

class HeldOut {
 public:
  /// `file` is written, scored and removed again, each time.
  HeldOut(const Detector& baseline, const Recipe& recipe, EvalSet& images, std::filesystem::path file, const RuntimeOptions& runtime)
      : baseline_(baseline), recipe_(recipe), images_(images), file_(std::move(file)), runtime_(runtime) {}

  /// mAP_50_95 of a quantised graph.
  double score(const Graph& graph) const;
  /// What the float network is sure of (a score of at least 0.3) stands in for labels.
  void label();

 private:
  ScoringResult score_file(const std::function<void()>& emit) const;

  const Detector& baseline_;
  const Recipe& recipe_;
  EvalSet& images_;
  const std::filesystem::path file_;
  const RuntimeOptions& runtime_;
};

}  // namespace nibble

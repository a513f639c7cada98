// SPDX-License-Identifier: Apache-2.0
// Gives the scores of a quantised network the meaning that they have in the float network.
//
// Noise of few bits makes a network less sure of what it sees, so that a threshold tuned on the float file finds fewer objects, although
// their order (and so the mAP) is nearly the same. Where F(t) is the number of detections that the float network scores at least t, and
// q(t) the score of the quantised network's F(t)-th best detection on the same images, the correction is the line through the points (logit
// q(t), logit t) at t = 0.25 and t = 0.5: logit s' = slope * logit s + shift. It is one line for all classes and levels, hence monotone,
// and it is folded into the last convolutions of the class branch, so that it costs nothing when the file runs.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "calibration/float_agreement.h"
#include "graph/graph.h"

namespace nibble {

struct ScoreCorrection {
  double slope = 1, shift = 0;
  std::int64_t images = 0;                   ///< that it was fitted on
  std::int64_t above_quarter = 0;            ///< detections of the float network that score at least 0.25
  std::int64_t above_half = 0;               ///< at least 0.5
  std::int64_t quantized_above_quarter = 0;  ///< of the quantised network before the correction
  std::int64_t quantized_above_half = 0;
};

/// The line for these scores of all detections on the same images, in any order. Empty, with the reason in `why_not`, where fewer than 20
/// float detections lie above 0.5 or between the two thresholds, where the quantised network has too few detections, or where its scores
/// have lost their order of size so far that the slope is outside 0.25 to 4.
std::optional<ScoreCorrection> fit_score_correction(std::vector<double> float_scores, std::vector<double> quantized_scores,
                                                    std::string& why_not);

/// The graph with the correction in the scales (or float weights) and biases of the convolutions that give the class logits.
/// Error(internal) where the logits are not outputs of convolutions with biases.
Graph with_score_correction(const Graph& graph, const ScoreCorrection& correction);

/// Empty, and said in the log, where the recipe does not ask for it or there is too little to fit to.
std::optional<ScoreCorrection> find_score_correction(const CalibrationJob& job, const SeenByBoth& seen);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// How the scores of the objects both networks see have moved.
#pragma once
#include <cstdint>
#include <vector>

#include "eval/detection.h"
#include "eval/outcomes.h"

namespace nibble {

struct ScoreShift {
  std::int64_t pairs = 0;  ///< objects found or faded
  double mean = 0;         ///< of B - A
  double median = 0;
  double fallen_share = 0;      ///< of the pairs: fell by more than 0.1
  double mean_iou = 0;          ///< of the pairs' boxes
  double equal_confidence = 0;  ///< where B has as many detections as A has at the confidence: what to use with B instead
};

/// `objects`: A's at `confidence`; `outcomes`: B's detections sorted by them. Zeros where nothing is paired.
/// equal_confidence is the k-th highest score of B, k being A's number of detections; `confidence` when A has none, the lowest
/// score of B when B has fewer.
ScoreShift measure_score_shift(const std::vector<SeenObject>& objects, const Outcomes& outcomes, const std::vector<Detection>& b,
                               double confidence);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// How the scores of the objects both networks see have moved.
#pragma once
#include <cstdint>
#include <vector>

#include "eval/detection.h"
#include "eval/outcomes.h"

namespace nibble {

/// `objects` are A's detections at `confidence`, and `outcomes` is what became of them in B. All numbers are 0 where nothing is paired.
/// equal_confidence is the k-th highest score of B, k being A's number of detections; `confidence` when A has none, the lowest
/// score of B when B has fewer.
ScoreShift measure_score_shift(const std::vector<SeenObject>& objects, const Outcomes& outcomes, const std::vector<Detection>& b,
                               double confidence);

}  // namespace nibble

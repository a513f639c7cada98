// SPDX-License-Identifier: Apache-2.0
// What each kind of change costs: B's detections are repaired, one kind at a time, to what A says, and scored again.
// In the spirit of TIDE (Bolya et al. 2020), which repairs towards the ground truth; here A is the measure, so that repairing
// all kinds gives exactly A's score and the costs add up to what was lost.
#pragma once
#include <array>
#include <bitset>
#include <vector>

#include "data/coco.h"
#include "eval/detection.h"
#include "eval/pairing.h"

namespace nibble {

using Repairs = std::bitset<kChanges>;  ///< bit: static_cast<std::size_t>(Change)

/// B's detections after the changes `kinds` were undone. missed: A's detections are added. extra: B's are dropped. location: pairs get A's
/// box. score: pairs get A's score. wrong class: pairs that are a class change get A's class and score (and no other kind touches their
/// score). None: B. All: A, in A's order.
std::vector<Detection> repair(const std::vector<Detection>& a, const std::vector<Detection>& b, const Pairing& pairing, Repairs kinds);

/// Takes as much time as 32 calls of evaluate_coco, and has its errors.
RepairStudy study_repairs(const CocoDataset& truth, const std::vector<Detection>& a, const std::vector<Detection>& b,
                          const Pairing& pairing, int threads = 0);

}  // namespace nibble

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

/// mAP 50-95; of all objects and by COCO's sizes. In 0..1; -1: there is no such object.
struct SizedMap {
  double all = -1, small = -1, medium = -1, large = -1;
};
struct ChangeCost {
  Change change = Change::missed;
  SizedMap repaired;  ///< B when this alone is repaired
  /// Its part of the loss (A - B), the mean over all orders in which the kinds can be repaired (Shapley's value): adds up to the
  /// loss over the five kinds. Negative: the change did good. 0 where undefined.
  SizedMap cost;
};
struct RepairStudy {
  SizedMap a, b;
  std::array<ChangeCost, kChanges> changes;  ///< in Change's order
};
/// Takes as much time as 32 calls of evaluate_coco, and has its errors.
RepairStudy study_repairs(const CocoDataset& truth, const std::vector<Detection>& a, const std::vector<Detection>& b,
                          const Pairing& pairing, int threads = 0);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Compares two networks by their detections alone.
#pragma once
#include <optional>
#include <vector>

#include "data/coco.h"
#include "eval/outcomes.h"
#include "eval/repair.h"
#include "eval/score_shift.h"

namespace nibble {

/// What became of the objects of the ground truth in both networks, at the working confidence.
struct TruthOutcomes {
  OutcomeCounts a, b;
  std::int64_t lost = 0;                          ///< objects A finds and B does not
  std::int64_t gained = 0;                        ///< objects B finds and A does not
  std::array<std::int64_t, kOutcomes> lost_as{};  ///< what became of the lost ones in B
};
struct DetectionBlame {
  double confidence = 0.25;
  OutcomeCounts against_a;  ///< B's outcomes where the objects are A's confident detections
  ScoreShift shift;
  std::optional<TruthOutcomes> truth;
  std::optional<RepairStudy> repairs;
};

/// `data` gives images, categories and, where `has_truth` is set, the annotations; without it, `truth` and `repairs` stay empty. `a` and
/// `b` hold all detections down to the lowest score, with category ids of `data`. `confidence` is 0..1.
DetectionBlame blame_detections(const CocoDataset& data, bool has_truth, const std::vector<Detection>& a, const std::vector<Detection>& b,
                                double confidence, int threads = 0);

}  // namespace nibble

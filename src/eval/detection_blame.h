// SPDX-License-Identifier: Apache-2.0
// All that can be said about two networks from their detections alone.
#pragma once
#include <optional>
#include <vector>

#include "data/coco.h"
#include "eval/outcomes.h"
#include "eval/repair.h"
#include "eval/score_shift.h"

namespace nibble {

/// Against the ground truth at the working confidence.
struct TruthOutcomes {
  OutcomeCounts a, b;
  std::int64_t lost = 0;                          ///< objects A finds and B does not
  std::int64_t gained = 0;                        ///< the other way round
  std::array<std::int64_t, kOutcomes> lost_as{};  ///< what became of the lost ones in B
};
struct DetectionBlame {
  double confidence = 0.25;
  OutcomeCounts against_a;  ///< objects: A's confident detections
  ScoreShift shift;
  std::optional<TruthOutcomes> truth;
  std::optional<RepairStudy> repairs;
};

/// `data`: images, categories and, where `has_truth`, the annotations. Detections down to the lowest score, category ids of `data`.
DetectionBlame blame_detections(const CocoDataset& data, bool has_truth, const std::vector<Detection>& a, const std::vector<Detection>& b,
                                double confidence, int threads = 0);

}  // namespace nibble

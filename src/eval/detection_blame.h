// SPDX-License-Identifier: Apache-2.0
// All that can be said about two networks from their detections alone.
#pragma once
#include <vector>

#include "data/coco.h"
#include "eval/outcomes.h"
#include "eval/repair.h"
#include "eval/score_shift.h"

namespace nibble {

/// `data`: images, categories and, where `has_truth`, the annotations. Detections down to the lowest score, category ids of `data`.
DetectionBlame blame_detections(const CocoDataset& data, bool has_truth, const std::vector<Detection>& a, const std::vector<Detection>& b,
                                double confidence, int threads = 0);

}  // namespace nibble

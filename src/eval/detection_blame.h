// SPDX-License-Identifier: Apache-2.0
// Compares two networks by their detections alone.
#pragma once
#include <vector>

#include "data/coco.h"
#include "eval/bootstrap.h"
#include "eval/outcomes.h"
#include "eval/repair.h"
#include "eval/score_shift.h"

namespace nibble {

/// `data` gives images, categories and, where `has_truth` is set, the annotations; without it, `truth` and `repairs` stay empty. `a` and
/// `b` hold all detections down to the lowest score, with category ids of `data`. `confidence` is 0..1. Resamples give the scores
/// intervals.
DetectionBlame blame_detections(const CocoDataset& data, bool has_truth, const std::vector<Detection>& a, const std::vector<Detection>& b,
                                double confidence, const Resampling& resampling = {.resamples = 0});

}  // namespace nibble

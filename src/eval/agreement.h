// SPDX-License-Identifier: Apache-2.0
// How far one network finds again what another is sure of, with the latter's detections in the place of people's labels.
#pragma once
#include <vector>

#include "data/coco.h"
#include "eval/detection.h"
#include "nibble/compare.h"

namespace nibble {

/// The same images and categories, with the detections whose score is at least `confidence` (0..1) as annotations.
CocoDataset label_by_detections(const CocoDataset& data, const std::vector<Detection>& detections, double confidence);

/// COCO metrics of all of B's detections against A's confident ones as labels. A against itself gives 1: what A sees below the confidence
/// has a lower score than everything that counts. Errors as evaluate_coco.
Agreement measure_agreement(const CocoDataset& data, const std::vector<Detection>& a, const std::vector<Detection>& b, double confidence,
                            int threads = 0);

}  // namespace nibble

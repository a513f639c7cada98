// SPDX-License-Identifier: Apache-2.0
// COCO box metrics, equal to pycocotools' COCOeval (iouType "bbox", useCats 1, maxDets 1, 10, 100; 10 IoU thresholds
// 0.50:0.05:0.95; 101 recall points; areas all, small < 32^2, medium, large > 96^2 px^2; crowds ignored by IoF).
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/coco.h"
#include "eval/detection.h"
#include "nibble/evaluate.h"

namespace nibble {

/// Detections of images outside the data set: Error(input) naming the id, as COCO.loadRes refuses them. More than 100 per
/// image and class: the best 100 by score count, stable order. Detections of categories the data set does not have change
/// nothing. pycocotools' peculiarities are kept, since its numbers are the definition: an annotation with id 0 never counts
/// as found, and where an annotation id repeats, its last bearer stands for all of them. Error(input) on a score or box
/// that is not finite or a negative size.
CocoMetrics evaluate_coco(const CocoDataset& ground_truth, const std::vector<Detection>& detections, int threads = 0);

/// The detections of images in `selection`, in their order: what COCOeval does with params.imgIds.
std::vector<Detection> select_detections(const std::vector<Detection>& detections, const CocoDataset& selection);

/// The `metrics` object of metrics.json: mAP_50_95, mAP_50, ..., AR_large, per_class, num_images, num_detections; undefined
/// values (-1) are null.
Json to_json(const CocoMetrics& metrics);

}  // namespace nibble

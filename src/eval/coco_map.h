// SPDX-License-Identifier: Apache-2.0
// COCO box metrics, equal to pycocotools' COCOeval (iouType "bbox", useCats 1, maxDets 1, 10, 100; 10 IoU thresholds
// 0.50:0.05:0.95; 101 recall points; areas all, small < 32^2, medium, large > 96^2 px^2; crowds ignored by IoF).
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "data/coco.h"
#include "eval/class_outcomes.h"
#include "eval/detection.h"
#include "eval/intervals.h"
#include "nibble/evaluate.h"

namespace nibble {

/// Detections of images outside the data set: Error(input) naming the id, as COCO.loadRes refuses them. More than 100 per
/// image and class: the best 100 by score count, stable order. Detections of categories the data set does not have change
/// nothing. pycocotools' peculiarities are kept, since its numbers are the definition: an annotation with id 0 never counts
/// as found, and where an annotation id repeats, its last bearer stands for all of them. Error(input) on a score or box
/// that is not finite or a negative size.
CocoMetrics evaluate_coco(const CocoDataset& ground_truth, const std::vector<Detection>& detections, int threads = 0);

/// The same from detections that are matched already (class_outcomes.h); `detections`: how many there are.
CocoMetrics measure_matched(const CocoDataset& ground_truth, const std::vector<coco::ClassOutcomes>& classes, std::size_t detections,
                            int threads);

/// Recall at one of the ten thresholds of all detections, of objects of any size: the mean over the classes that have objects; -1: none
/// has.
double mean_recall(const std::vector<coco::ClassOutcomes>& classes, std::size_t threshold);

inline constexpr std::size_t kCocoNumbers = 12;
/// The names of the numbers in metrics.json.
inline constexpr std::array<const char*, kCocoNumbers> kCocoNumberNames = {"mAP_50_95",  "mAP_50",    "mAP_75",    "mAP_small",
                                                                           "mAP_medium", "mAP_large", "AR_1",      "AR_10",
                                                                           "AR_100",     "AR_small",  "AR_medium", "AR_large"};
/// The twelve numbers in the order of their names; -1: undefined.
using CocoNumbers = std::array<double, kCocoNumbers>;
CocoNumbers numbers_of(const CocoMetrics& metrics);

/// The detections of images in `selection`, in their order: what COCOeval does with params.imgIds.
std::vector<Detection> select_detections(const std::vector<Detection>& detections, const CocoDataset& selection);

}  // namespace nibble

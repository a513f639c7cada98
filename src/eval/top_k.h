// SPDX-License-Identifier: Apache-2.0
// How often the right class of a classifier is among its first ones.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "data/coco.h"
#include "eval/detection.h"
#include "eval/intervals.h"
#include "nibble/evaluate.h"

namespace nibble {

/// The classes with the largest probabilities, the largest first and of equal ones the lower number; at most `count`, as detections without
/// a box whose category is the class. Error(numeric) where a probability is not finite.
std::vector<Detection> best_classes(std::span<const float> probabilities, std::size_t count, std::int64_t image_id);

/// The data set has one annotation for each image, whose category is the image's class. The first of an image's `detections` by descending
/// score (of equal ones as given) is top-1, the first five top-5. Error(input) for an image without a class or with two, and for detections
/// of other images.
Resampled<ClassificationMetrics> evaluate_classes(const CocoDataset& ground_truth, const std::vector<Detection>& detections,
                                                  const Resampling& resampling);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// COCO numbers on resampled images (nibble/intervals.h says what for). Detections are matched to objects once; a resample only weighs each
// image with how often it was drawn, because matching looks at one image at a time.
#pragma once
#include <vector>

#include "eval/coco_map.h"
#include "eval/intervals.h"

namespace nibble {

using ResampledMetrics = Resampled<CocoMetrics>;

/// Numbers and intervals. Errors as evaluate_coco.
ResampledMetrics evaluate_resampled(const CocoDataset& ground_truth, const std::vector<Detection>& detections,
                                    const Resampling& resampling);

/// The same from detections that are matched already; `detections`: how many there are.
ResampledMetrics resampled_of_matched(const CocoDataset& ground_truth, const std::vector<coco::ClassOutcomes>& classes,
                                      std::size_t detections, const Resampling& resampling);
/// The twelve numbers of each resample, then recall at the thresholds 0.50 and 0.75.
Samples resample_matched(const std::vector<coco::ClassOutcomes>& classes, std::size_t images, const Resampling& resampling);

/// evaluate_coco's numbers where image i of the data set counts weights[i] times: those of a data set in which each image stands weights[i]
/// times in a row. (Among detections of one image that have the same class and score, copies of the first come before the second.)
CocoNumbers weighted_numbers(const CocoDataset& ground_truth, const std::vector<Detection>& detections, const Weights& weights);

}  // namespace nibble

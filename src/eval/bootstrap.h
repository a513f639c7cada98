// SPDX-License-Identifier: Apache-2.0
// COCO numbers on resampled images (nibble/intervals.h says what for). Detections are matched to objects once; a resample only weighs each
// image with how often it was drawn, because matching looks at one image at a time.
#pragma once
#include <cstdint>
#include <vector>

#include "eval/coco_map.h"
#include "nibble/intervals.h"

namespace nibble {

struct Resampling {
  std::int64_t resamples = kDefaultResamples;  ///< 0: none
  std::uint64_t seed = 0;
  int threads = 0;  ///< 0: all cores; the numbers do not depend on it
};

struct ResampledMetrics {
  CocoMetrics metrics;               ///< with intervals
  std::vector<CocoNumbers> samples;  ///< the numbers of each resample; none with fewer than 2 images
};

/// Numbers and intervals. Errors as evaluate_coco.
ResampledMetrics evaluate_resampled(const CocoDataset& ground_truth, const std::vector<Detection>& detections,
                                    const Resampling& resampling);

/// Fills in metrics.changes of `score`. Both are of the same images, resamples and seed, so that their samples are pairs.
void measure_changes(ResampledMetrics& score, const ResampledMetrics& baseline);

/// How often each image counts in a resample: `images` draws with replacement, as `seed` and `resample` say.
std::vector<std::uint32_t> draw_weights(std::size_t images, std::uint64_t seed, std::int64_t resample);

/// evaluate_coco's numbers where image i of the data set counts weights[i] times: those of a data set in which each image stands weights[i]
/// times in a row. (Among detections of one image that have the same class and score, copies of the first come before the second.)
CocoNumbers weighted_numbers(const CocoDataset& ground_truth, const std::vector<Detection>& detections,
                             const std::vector<std::uint32_t>& weights);

}  // namespace nibble

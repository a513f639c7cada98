// SPDX-License-Identifier: Apache-2.0
// COCO keypoint metrics, equal to pycocotools' COCOeval (iouType "keypoints", useCats 1, maxDets 20; 10 thresholds 0.50:0.05:0.95 of object
// keypoint similarity; 101 recall points; areas all, medium 32^2 to 96^2, large px^2).
#pragma once
#include <vector>

#include "data/coco.h"
#include "data/keypoints.h"
#include "eval/class_outcomes.h"
#include "eval/detection.h"
#include "eval/intervals.h"
#include "nibble/evaluate.h"

namespace nibble {

/// The constants of object keypoint similarity, one a keypoint: half the standard deviations of COCO's annotators for 17 keypoints
/// (cocodataset.org, "Keypoint Evaluation"), else 1 / `count`, as Ultralytics takes them.
std::vector<double> keypoint_constants(std::int64_t count);

/// mean over the annotated keypoints of exp(-d^2 / (2 area (2 k)^2)); where none is annotated, d is the distance of each to a box of three
/// times the width and height of the annotated one. Error(input) for other numbers of keypoints.
double keypoint_similarity(const CocoAnnotation& annotation, const std::vector<Keypoint>& wanted, const std::vector<Keypoint>& found,
                           const std::vector<double>& constants);

/// `detections` with the keypoints of each; `truths` has those of the annotations by CocoAnnotation::entry. The size of a detection is that
/// of its box, as pycocotools takes it of results that have one. Error(input) for a detection of an image that the data set does not have,
/// and for other numbers of keypoints. Detections of categories that it does not have change nothing.
Resampled<KeypointMetrics> evaluate_keypoints(const CocoDataset& ground_truth, const std::vector<Pose>& truths,
                                              const std::vector<Detection>& detections, const std::vector<std::vector<Keypoint>>& keypoints,
                                              const std::vector<double>& constants, const Resampling& resampling);

/// What became of every detection, by the similarity of keypoints. Errors as evaluate_keypoints.
std::vector<coco::ClassOutcomes> match_keypoints(const CocoDataset& ground_truth, const std::vector<Pose>& truths,
                                                 const std::vector<Detection>& detections,
                                                 const std::vector<std::vector<Keypoint>>& keypoints, const std::vector<double>& constants,
                                                 int threads);

/// How many keypoints an object has, by the labels, or else by what was found; 0: neither says.
std::int64_t keypoints_of(const std::vector<Pose>& truths, const std::vector<std::vector<Keypoint>>& found);

}  // namespace nibble

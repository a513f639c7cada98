// SPDX-License-Identifier: Apache-2.0
// COCO keypoint metrics, equal to pycocotools' COCOeval (iouType "keypoints", useCats 1, maxDets 20; 10 thresholds 0.50:0.05:0.95 of object
// keypoint similarity; 101 recall points; areas all, medium 32^2 to 96^2, large px^2).
#pragma once
#include <array>
#include <vector>

#include "data/keypoints.h"
#include "nibble/evaluate.h"

namespace nibble {

struct PoseDetection {
  std::int64_t image_id = 0;
  std::int64_t category_id = 0;
  double score = 0;
  std::array<double, 4> box_xywh_px{};  ///< its area is the detection's, as pycocotools takes it of results that have a box
  std::vector<Keypoint> keypoints;
};

/// The constants of object keypoint similarity, one a keypoint: half the standard deviations of COCO's annotators for 17 keypoints
/// (cocodataset.org, "Keypoint Evaluation"), else 1 / `count`, as Ultralytics takes them.
std::vector<double> keypoint_constants(std::int64_t count);

/// mean over the annotated keypoints of exp(-d^2 / (2 area (2 k)^2)); where none is annotated, d is the distance of each to a box of three
/// times the width and height of the annotated one.
double keypoint_similarity(const PoseAnnotation& annotation, const PoseDetection& detection, const std::vector<double>& constants);

/// Error(input) for a detection of an image that the data set does not have, Error(internal) for other numbers of keypoints. Detections of
/// categories that it does not have change nothing.
KeypointMetrics evaluate_keypoints(const PoseDataset& ground_truth, const std::vector<PoseDetection>& detections,
                                   const std::vector<double>& constants);

}  // namespace nibble

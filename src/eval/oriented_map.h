// SPDX-License-Identifier: Apache-2.0
// Average precision of oriented boxes, as Ultralytics' OBBValidator takes it (ultralytics.utils.metrics.ap_per_class).
#pragma once
#include <vector>

#include "data/coco.h"
#include "eval/findings.h"
#include "eval/intervals.h"
#include "eval/oriented_detection.h"
#include "nibble/evaluate.h"

namespace nibble {

struct OrientedObject {
  std::int64_t image_id = 0;
  std::int64_t category_id = 0;
  OrientedBox box;
};

/// In each image, detections in the order of their score take the free object of their class with the largest probabilistic overlap, where
/// that reaches the threshold (ten from 0.50 to 0.95, each on its own). Precision is 1 before the first detection, takes its upper
/// envelope, is interpolated between the recalls that were reached, and integrated over 0, 0.01, ..., 1 by trapezoids. A class with objects
/// and no detection counts 0. Error(input) for objects and detections of images that `set` does not have; detections of other categories
/// count for nothing.
Resampled<OrientedMetrics> evaluate_oriented(const CocoDataset& set, const std::vector<OrientedObject>& objects,
                                             const std::vector<OrientedDetection>& detections, const Resampling& resampling);

/// The annotations' boxes, by CocoAnnotation::entry; and what was found.
std::vector<OrientedObject> oriented_objects(const CocoDataset& set, const std::vector<OrientedBox>& truths);
std::vector<OrientedDetection> oriented_detections(const Findings& findings);

/// Precision at the recalls 0, 0.01, ..., 1 at an overlap of 0.50, the mean over the classes that have objects: what evaluate_oriented
/// integrates for mAP 50. Empty where no class has objects. Errors as evaluate_oriented.
std::vector<double> oriented_curve_50(const CocoDataset& set, const std::vector<OrientedObject>& objects,
                                      const std::vector<OrientedDetection>& detections);

/// mAP 50-95, 50 and 75 where image i of the set counts weights[i] times: those of a set in which each image stands weights[i] times in a
/// row. -1: no image that counts has an object.
std::vector<double> weighted_oriented(const CocoDataset& set, const std::vector<OrientedObject>& objects,
                                      const std::vector<OrientedDetection>& detections, const Weights& weights);

}  // namespace nibble

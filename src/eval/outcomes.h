// SPDX-License-Identifier: Apache-2.0
// What became of each object at a working confidence: found, faded, taken for another class, mislocated, missed; and what was
// seen where nothing is. The objects are the ground truth, or what another network sees.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "data/coco.h"
#include "eval/detection.h"
#include "nibble/compare.h"

namespace nibble {

ObjectSize size_of_area(double area_px2);

struct SeenObject {
  std::int64_t image_id = 0;
  std::int64_t category_id = 0;
  std::array<double, 4> box_xywh_px{};
  double area_px2 = 0;
  bool is_crowd = false;  ///< a crowd is no object itself; detections inside it are no false alarms
  double score = 1;       ///< given by the network that sees it; 1 for ground truth
};
std::vector<SeenObject> objects_of(const CocoDataset& truth);
/// The detections with a score of at least `confidence`, as objects.
std::vector<SeenObject> objects_of(const std::vector<Detection>& detections, double confidence);

struct ObjectOutcome {
  Outcome outcome = Outcome::missed;
  std::size_t detection = SIZE_MAX;  ///< index of what decided it; SIZE_MAX when missed
  double iou = 0;
};

struct Outcomes {
  std::vector<ObjectOutcome> objects;  ///< one for each object that is no crowd, in their order
  OutcomeCounts counts;
};

/// Detections by descending score take the free object of their class with the largest IoU >= 0.5 (as COCO does, at 0.5); then the
/// rest of the objects look for an explanation among what is left. `measure`: all detections of the network the objects come
/// from, for Alarm::risen; empty for ground truth.
Outcomes classify_outcomes(const std::vector<SeenObject>& objects, const std::vector<Detection>& detections, double confidence,
                           const std::vector<Detection>& measure = {});

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// What one model of any task is sure of in the place of people's labels.
#pragma once
#include "data/coco.h"
#include "eval/findings.h"
#include "eval/task_numbers.h"

namespace nibble {

struct TaskLabels {
  CocoDataset dataset;  ///< the same images and categories
  TaskTruth truth;
};

/// What was found with a score of at least `confidence` (0..1), with masks, keypoints and oriented boxes as they were found; of a
/// classifier the first class of every image, whatever its score. As labels of YOLO count: the area of an object is that of its mask, or of
/// its box, of a pose 0.53 of it; every keypoint is annotated.
TaskLabels label_by_findings(const CocoDataset& data, const Findings& findings, Task task, double confidence);

}  // namespace nibble

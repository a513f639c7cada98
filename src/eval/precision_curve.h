// SPDX-License-Identifier: Apache-2.0
// Precision against recall, for a chart: what the mean of is mAP 50.
#pragma once
#include <vector>

#include "eval/class_outcomes.h"
#include "eval/task_numbers.h"

namespace nibble {

/// Precision at the recalls 0, 0.01, ..., 1 (101 numbers, 0..1) at an overlap of 0.50, the mean over the classes that have objects, each at
/// its upper envelope: as COCOeval's `precision[0, :, :, 0, -1]`, whose mean is mAP 50. Empty where no class has objects.
std::vector<double> precision_curve_50(const std::vector<coco::ClassOutcomes>& classes);

/// The same of what the task is judged by: overlap of boxes or masks, similarity of keypoints; of oriented boxes oriented_curve_50. Empty
/// for classifiers, which are not asked where anything is. Errors as evaluate_task.
std::vector<double> precision_curve_50(const CocoDataset& dataset, const TaskTruth& truth, const Findings& findings, int threads);

}  // namespace nibble

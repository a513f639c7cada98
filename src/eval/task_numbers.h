// SPDX-License-Identifier: Apache-2.0
// The numbers of a model by its task: what is known of the objects, held against what was found.
#pragma once
#include <optional>
#include <vector>

#include "base/json.h"
#include "data/coco.h"
#include "data/keypoints.h"
#include "data/run_lengths.h"
#include "eval/findings.h"
#include "eval/intervals.h"
#include "eval/oriented_box.h"
#include "nibble/evaluate.h"
#include "nibble/task.h"

namespace nibble {

/// What a data set says of its objects beside boxes and classes, by CocoAnnotation::entry; empty where the task has no such thing.
struct TaskTruth {
  Task task = Task::detect;
  std::vector<RunLengths> masks;
  std::vector<Pose> poses;
  std::vector<OrientedBox> oriented;
};

struct TaskNumbers {
  Task task = Task::detect;
  std::optional<Resampled<CocoMetrics>> boxes, masks;
  std::optional<Resampled<KeypointMetrics>> keypoints;
  std::optional<Resampled<OrientedMetrics>> oriented;
  std::optional<Resampled<ClassificationMetrics>> classes;
};

/// Boxes of detectors; masks and boxes; keypoints and boxes; oriented boxes alone; top-1 and top-5. Errors as evaluate_coco,
/// evaluate_masks, evaluate_keypoints, evaluate_oriented, evaluate_classes.
TaskNumbers evaluate_task(const CocoDataset& dataset, const TaskTruth& truth, const Findings& findings, const Resampling& resampling);

/// Fills in the changes. Both are of one task and the same images, resamples and seed.
void measure_changes(TaskNumbers& numbers, const TaskNumbers& baseline);

/// What the task is judged by; -1: undefined.
double main_number(const TaskNumbers& numbers);

/// The objects of numbers of metrics.json: `metrics`, and `masks` or `keypoints` where the task has them.
Json to_json(const TaskNumbers& numbers);

}  // namespace nibble

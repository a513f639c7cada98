// SPDX-License-Identifier: Apache-2.0
#include "eval/task_numbers.h"

#include <algorithm>

#include "eval/bootstrap.h"
#include "eval/keypoint_map.h"
#include "eval/mask_map.h"
#include "eval/oriented_map.h"
#include "eval/top_k.h"

namespace nibble {
namespace {

Resampled<OrientedMetrics> oriented_numbers(const CocoDataset& dataset, const TaskTruth& truth, const Findings& findings,
                                            const Resampling& resampling) {
  return evaluate_oriented(dataset, oriented_objects(dataset, truth.oriented), oriented_detections(findings), resampling);
}

Resampled<KeypointMetrics> keypoint_numbers(const CocoDataset& dataset, const TaskTruth& truth, const Findings& findings,
                                            const Resampling& resampling) {
  return evaluate_keypoints(dataset, truth.poses, findings.boxes, findings.keypoints,
                            keypoint_constants(keypoints_of(truth.poses, findings.keypoints)), resampling);
}

/// `act` on the same numbers of both, where there are such.
template <class Act>
void for_each_pair(TaskNumbers& a, const TaskNumbers& b, Act act) {
  const auto both = [&](auto TaskNumbers::*numbers) {
    if (a.*numbers && b.*numbers) act(*(a.*numbers), *(b.*numbers));
  };
  both(&TaskNumbers::boxes), both(&TaskNumbers::masks);
  both(&TaskNumbers::keypoints), both(&TaskNumbers::oriented), both(&TaskNumbers::classes);
}

}  // namespace

TaskNumbers evaluate_task(const CocoDataset& dataset, const TaskTruth& truth, const Findings& findings, const Resampling& resampling) {
  TaskNumbers numbers;
  numbers.task = truth.task;
  if (truth.task == Task::classify) {
    numbers.classes = evaluate_classes(dataset, findings.boxes, resampling);
    return numbers;
  }
  if (truth.task == Task::obb) {
    numbers.oriented = oriented_numbers(dataset, truth, findings, resampling);
    return numbers;
  }
  numbers.boxes = evaluate_resampled(dataset, findings.boxes, resampling);
  if (truth.task == Task::segment) numbers.masks = evaluate_masks(dataset, truth.masks, findings.boxes, findings.masks, resampling);
  if (truth.task == Task::pose) numbers.keypoints = keypoint_numbers(dataset, truth, findings, resampling);
  return numbers;
}

void measure_changes(TaskNumbers& numbers, const TaskNumbers& baseline) {
  for_each_pair(numbers, baseline, [](auto& ours, const auto& theirs) { measure_changes(ours, theirs); });
}

double main_number(const TaskNumbers& numbers) {
  if (numbers.masks) return numbers.masks->metrics.map_50_95;
  if (numbers.keypoints) return numbers.keypoints->metrics.ap_50_95;
  if (numbers.oriented) return numbers.oriented->metrics.map_50_95;
  if (numbers.classes) return numbers.classes->metrics.top_1;
  return numbers.boxes ? numbers.boxes->metrics.map_50_95 : -1;
}

Json to_json(const TaskNumbers& numbers) {
  Json json;
  if (numbers.boxes) json["metrics"] = to_json(numbers.boxes->metrics);
  if (numbers.oriented) json["metrics"] = to_json(numbers.oriented->metrics);
  if (numbers.classes) json["metrics"] = to_json(numbers.classes->metrics);
  if (numbers.masks) json["masks"] = to_json(numbers.masks->metrics);
  if (numbers.keypoints) json["keypoints"] = to_json(numbers.keypoints->metrics);
  return json;
}

}  // namespace nibble

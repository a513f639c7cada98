// SPDX-License-Identifier: Apache-2.0
// COCO keypoint numbers, and those of the boxes, of one ONNX pose model.
#pragma once
#include "scoring/score_classifier.h"

namespace nibble {

/// Of `options` are used: model, data.images, data.annotations (person_keypoints_*.json), data.max_images, detect, file.image_size,
/// optimize, skip_latency, runtime. Keypoints are cut to the image as Ultralytics' validator does. Error(usage) where images or annotations
/// are not given, or options that it has no use for are; others as read_pose_dataset, open_any_task and decode_output.
TaskScore score_pose(const EvalOptions& options, Progress& progress);

}  // namespace nibble

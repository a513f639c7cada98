// SPDX-License-Identifier: Apache-2.0
// What two files of any task see on the same images, and how far it is apart in the task's terms.
#pragma once
#include <string>
#include <vector>

#include "base/progress.h"
#include "compare/comparison.h"
#include "eval/task_drift.h"
#include "scoring/detector_file.h"
#include "scoring/eval_set.h"
#include "scoring/found_objects.h"

namespace nibble {

/// Detections as they are scored, and of other tasks than detection what the task has besides, of each image in order.
struct SeenObjects {
  std::vector<Detection> detections;
  std::vector<FoundInImage> found;
};
/// Objects with at least a fifth of the working confidence (0..1). Errors as detect_images and found_in.
SeenObjects see_objects(const DetectorFile& model, const EvalSet& set, double confidence, const std::string& title, Progress& progress);

/// Of A the objects of at least the working confidence, of B all.
std::vector<ComparedImage> compared_images(const EvalSet& set, double confidence, const SeenObjects& a, const SeenObjects& b);

/// Fills in what `comparison.task` is about; nothing of detectors.
void compare_task(const std::vector<ComparedImage>& images, Comparison& comparison);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// What a model of any task finds on the images of a data set, as it is scored.
#pragma once
#include <string>

#include "base/progress.h"
#include "eval/findings.h"
#include "nibble/options.h"
#include "scoring/detector_file.h"
#include "scoring/eval_set.h"

namespace nibble {

/// On every image of the set, in order; the task is the set's (EvalSet::truth), which the file has to be of. Masks are assembled as
/// Ultralytics' validator does for COCO (eval/mask_map.h), keypoints are cut to the image as it does, images of classifiers are cut as
/// Ultralytics cuts them (data/centre_crop.h). category_id is the data set's (data/class_match.h); classes it does not have are left out.
/// Errors as run_on_images, decode_output and decode_oriented.
Findings find_by_task(const DetectorFile& model, const EvalSet& set, const DetectOptions& detect, const std::string& title,
                      Progress& progress);

}  // namespace nibble

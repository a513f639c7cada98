// SPDX-License-Identifier: Apache-2.0
// Detections of a whole data set.
#pragma once
#include <vector>

#include "base/progress.h"
#include "eval/detection.h"
#include "scoring/detector_file.h"
#include "scoring/eval_set.h"
#include "scoring/task_score.h"

namespace nibble {

DecodeOptions decode_options(const DetectOptions& detect);

/// Says in the log which of the options, where they are not the usual ones, decide nothing of this model: none does of a classifier, and
/// no box of a one2one output suppresses another.
void warn_of_useless(const DetectOptions& given, const DetectOptions& usual, const DetectorFile& model, const std::string& name);

/// Every image of the set, in order; decoding the next one overlaps with inference. category_id is the data set's (data/class_match.h);
/// classes it does not have are left out. Oriented boxes are the upright boxes around them; a classifier's classes are detections of the
/// whole image. `also` is called with the outputs of each run; what it returns is not looked at.
std::vector<Detection> detect_images(const DetectorFile& detector, const EvalSet& set, const DetectOptions& detect,
                                     const std::string& title, Progress& progress, const TakeOutputs& also = {});

/// The same as Ultralytics predicts: each box is a detection of its best class alone, so that one object is drawn once.
std::vector<Detection> predict_images(const DetectorFile& detector, const EvalSet& set, const DetectOptions& detect,
                                      const std::string& title, Progress& progress);

}  // namespace nibble

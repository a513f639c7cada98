// SPDX-License-Identifier: Apache-2.0
// mAP of one ONNX model of oriented boxes.
#pragma once
#include "scoring/task_score.h"

namespace nibble {

/// The data set is a data.yaml whose labels are "class x1 y1 x2 y2 x3 y3 x4 y4", in fractions of the image; each object counts as the
/// smallest rectangle around its corners, as in Ultralytics. Error(usage) for options that it has no use for, Error(input) for another
/// data set and other labels; others as open_eval_set, open_any_task and decode_oriented.
TaskScore score_oriented(const EvalOptions& options, Progress& progress);

}  // namespace nibble

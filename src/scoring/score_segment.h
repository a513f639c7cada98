// SPDX-License-Identifier: Apache-2.0
// COCO numbers of the masks, and of the boxes, of one ONNX segmentation model.
#pragma once
#include "scoring/task_score.h"

namespace nibble {

/// Masks are assembled as Ultralytics' validator does for COCO (eval/mask_map.h). The data set is a COCO file with segmentations, or a
/// data.yaml with outlines. Error(usage) for options that it has no use for; others as open_eval_set, open_any_task and decode_output.
TaskScore score_segment(const EvalOptions& options, Progress& progress);

}  // namespace nibble

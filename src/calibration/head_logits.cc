// SPDX-License-Identifier: Apache-2.0
#include "calibration/head_logits.h"

namespace nibble {

HeadLogits head_logits(const Detector& baseline) {
  const LogitValues logits = find_logits(baseline.graph);
  const ModelInfo& info = baseline.info;
  HeadLogits head;
  head.boxes = logits.boxes;
  head.classes = logits.classes;
  head.mask_coefficients = logits.mask_coefficients;
  head.prototypes = logits.prototypes;
  head.mask_areas = logits.mask_areas;
  head.mask_areas_are_corners = logits.mask_areas_are_corners;
  head.keypoints = logits.keypoints;
  head.keypoint_step = logits.keypoint_step;
  head.angles = logits.angles;
  if (head.prototypes >= 0)
    head.prototype_step = static_cast<double>(info.image_size.width) / static_cast<double>(baseline.graph.value(head.prototypes).shape[3]);
  if (!info.keypoint_shape.empty()) head.keypoint_values = info.keypoint_shape[1];
  return head;
}

}  // namespace nibble

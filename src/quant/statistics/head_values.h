// SPDX-License-Identifier: Apache-2.0
// What a head's logits are in one network, and what its divergence from the float network's needs besides: sizes of boxes, mask areas.
#pragma once
#include <ATen/ATen.h>

#include <vector>

#include "quant/calibrate.h"

namespace nibble {

/// The tensors of HeadLogits; undefined where the head has no such part.
struct HeadValues {
  at::Tensor boxes, classes, mask_coefficients, prototypes, mask_areas, keypoints, angles;
};

/// The values that a head has, each once, and their tensors in the same order as HeadValues.
std::vector<ValueId> head_ids(const HeadLogits& head);
HeadValues head_values(const HeadLogits& head, const std::vector<at::Tensor>& tensors);

/// Width and height of the boxes [B,2,A], in cells, of box logits [B,4*bins,A]: sums of the expected distances of opposite sides, at least
/// 0.
at::Tensor box_extents(const at::Tensor& boxes);

/// The detections whose masks are compared: of each image the kMasked anchor points with the largest weight [B,A], or all.
inline constexpr std::int64_t kMasked = 100;
struct MaskSample {
  at::Tensor anchors;  ///< [B,T], indices
  at::Tensor weight;   ///< [B,T]
  at::Tensor share;    ///< [B,T,h,w]: 1 / (number of pixels) inside of the detection's box, 0 outside
};
MaskSample sample_masks(const HeadLogits& head, const HeadValues& float_values, const at::Tensor& weight);
/// Logits of the sampled masks [B,T,h,w]: coefficients times prototypes.
at::Tensor mask_logits(const HeadValues& values, const MaskSample& sample);

/// Standard deviations, in cells, of the normal distributions that keypoints stand for: [B,K,1,A]. 2 k sqrt(area of the box) + 0.25, with
/// the constants k of object keypoint similarity: COCO's for 17 keypoints, else 1 / K, as Ultralytics scores them.
at::Tensor keypoint_spread(const at::Tensor& boxes, std::int64_t keypoints);

/// Standard deviation, in radians, of the normal distribution that an angle stands for: [B,1,A]. At the end of the box's longer side it is
/// as far as the spread of its shorter sides: (0.05 shorter + 0.25) / (longer / 2), extents in cells, the longer one at least 1.
at::Tensor angle_spread(const at::Tensor& boxes);

}  // namespace nibble

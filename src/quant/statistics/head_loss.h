// SPDX-License-Identifier: Apache-2.0
// Measures how far a detection head's logits are from the float network's, weighted by how much the float network detects.
#pragma once
#include <ATen/ATen.h>

#include "quant/statistics/head_values.h"

namespace nibble {

/// How many numbers describe the distance of a box's side, of box logits [B,4*bins,A]: the bins of its distribution, or 1 where the head
/// gives the distance itself, as that of YOLO26 does.
std::int64_t bins_of(const at::Tensor& boxes);

/// Where the head gives distances [B,4,A] (left, top, right, bottom, in cells), each stands for a normal distribution around it. Its
/// standard deviation [B,4,A], in cells, is 0.05 of the box's extent along that axis plus 0.25: about as wide as what heads with bins say
/// of boxes of that size, so that one weight of boxes against classes serves both kinds.
at::Tensor side_spread(const at::Tensor& distances);

/// Scalars, summed over images and anchor points a. p_ac is the float network's score of class c (the sigmoid of its logit), q_ac the other
/// network's. `classes` and `boxes` are 0 where both heads agree and positive otherwise.
struct HeadLoss {
  at::Tensor classes;  ///< sum_a sum_c KL(Bernoulli(p_ac) || Bernoulli(q_ac))
  at::Tensor
      boxes;  ///< sum_a max_c p_ac D_a, with D_a = sum_sides KL(float network's side || student's), of bins or of normal distributions
  at::Tensor detections;  ///< sum_a max_c p_ac: about the number of objects that the float network detects
};

/// Of detectors. Box logits are [B,4*bins,A], all bins of one side before those of the next; class logits are [B,nc,A]. Gradients flow to
/// `boxes` and `classes`.
HeadLoss head_loss(const at::Tensor& float_boxes, const at::Tensor& float_classes, const at::Tensor& boxes, const at::Tensor& classes);

/// Of any head. To D_a of the boxes comes what the task has besides; of a detector nothing does, so that it is the same as above:
///  masks      mean over the pixels u of the box of KL(Bernoulli(sigmoid z_au) || Bernoulli(sigmoid z'_au)), with z_au the coefficients
///  times
///             the prototypes; only for the anchors of sample_masks
///  keypoints  1/K sum_k (v_k |x_k - x'_k|^2 / (2 s_k^2) + KL(Bernoulli(v_k) || Bernoulli(v'_k))), in cells, with the spread s_k of
///             keypoint_spread and the visibility v_k; without visibilities v_k = 1
///  angles     (angle - angle')^2 / (2 s^2), with the spread s of angle_spread
/// Of a classifier, `classes` is the sum over images of KL(softmax || softmax'), `boxes` 0 and `detections` the number of images.
HeadLoss head_loss(const HeadLogits& head, const HeadValues& float_values, const HeadValues& values);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// How far a detection head's logits are from the float network's, weighted by what the float network detects.
#pragma once
#include <ATen/ATen.h>

namespace nibble {

/// How many numbers describe the distance of a box's side, of box logits [B,4*bins,A]: the bins of its distribution, or 1 where the head
/// gives the distance itself, as that of YOLO26 does.
std::int64_t bins_of(const at::Tensor& boxes);

/// Where the head gives distances [B,4,A] (left, top, right, bottom, in cells), each stands for a normal distribution around it. Its
/// standard deviation [B,4,A], in cells, is 0.05 of the box's extent along that axis plus 0.25: about as wide as what heads with bins say
/// of boxes of that size, so that one weight of boxes against classes serves both kinds.
at::Tensor side_spread(const at::Tensor& distances);

/// Sums over images and anchor points, 0 where the heads agree; p = sigmoid of the float network's class logits.
struct HeadLoss {
  at::Tensor classes;     ///< sum_a sum_c KL(Bernoulli(p_ac) || Bernoulli(q_ac))
  at::Tensor boxes;       ///< sum_a max_c p_ac sum_sides KL(float network's side || student's), of bins or of normal distributions
  at::Tensor detections;  ///< sum_a max_c p_ac: how much the float network sees
};

/// Box logits [B,4*bins,A] (side by side), class logits [B,nc,A].
HeadLoss head_loss(const at::Tensor& float_boxes, const at::Tensor& float_classes, const at::Tensor& boxes, const at::Tensor& classes);

}  // namespace nibble

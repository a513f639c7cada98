// SPDX-License-Identifier: Apache-2.0
// Measures how far a detection head's logits are from the float network's, weighted by how much the float network detects.
#pragma once
#include <ATen/ATen.h>

namespace nibble {

/// Scalars, summed over images and anchor points a. p_ac is the float network's score of class c (the sigmoid of its logit), q_ac the other
/// network's. `classes` and `boxes` are 0 where both heads agree and positive otherwise.
struct HeadLoss {
  at::Tensor classes;     ///< sum_a sum_c KL(Bernoulli(p_ac) || Bernoulli(q_ac))
  at::Tensor boxes;       ///< sum_a max_c p_ac sum_sides KL(softmax of the float side's bins || softmax of the student's)
  at::Tensor detections;  ///< sum_a max_c p_ac: about the number of objects that the float network detects
};

/// Box logits are [B,kBoxLogits,A], all bins of one side before those of the next; class logits are [B,nc,A]. Gradients flow to `boxes` and
/// `classes`.
HeadLoss head_loss(const at::Tensor& float_boxes, const at::Tensor& float_classes, const at::Tensor& boxes, const at::Tensor& classes);

}  // namespace nibble

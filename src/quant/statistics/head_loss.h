// SPDX-License-Identifier: Apache-2.0
// How far a detection head's logits are from the float network's, weighted by what the float network detects.
#pragma once
#include <ATen/ATen.h>

namespace nibble {

/// Sums over images and anchor points, 0 where the heads agree; p = sigmoid of the float network's class logits.
struct HeadLoss {
  at::Tensor classes;     ///< sum_a sum_c KL(Bernoulli(p_ac) || Bernoulli(q_ac))
  at::Tensor boxes;       ///< sum_a max_c p_ac sum_sides KL(softmax of the float side's bins || softmax of the student's)
  at::Tensor detections;  ///< sum_a max_c p_ac: how much the float network sees
};

/// Box logits [B,kBoxLogits,A] (side by side), class logits [B,nc,A].
HeadLoss head_loss(const at::Tensor& float_boxes, const at::Tensor& float_classes, const at::Tensor& boxes, const at::Tensor& classes);

}  // namespace nibble

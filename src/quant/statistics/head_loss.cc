// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/head_loss.h"

#include "base/box_logits.h"

namespace nibble {
HeadLoss head_loss(const at::Tensor& float_boxes, const at::Tensor& float_classes, const at::Tensor& boxes, const at::Tensor& classes) {
  const at::Tensor probability = at::sigmoid(float_classes);
  const at::Tensor weight = std::get<0>(probability.max(1));  // [B,A]
  const at::Tensor divergence =
      (at::softplus(classes) - probability * classes) - (at::softplus(float_classes) - probability * float_classes);
  const std::vector<std::int64_t> by_bin{boxes.size(0), 4, kBoxBins, boxes.size(2)};
  const at::Tensor wanted = at::log_softmax(float_boxes.reshape(by_bin), 2);
  const at::Tensor found = at::log_softmax(boxes.reshape(by_bin), 2);
  return {divergence.sum(), (weight * (wanted.exp() * (wanted - found)).sum(2).sum(1)).sum(), weight.sum()};
}

}  // namespace nibble

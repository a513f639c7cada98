// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/head_loss.h"

#include <vector>

namespace nibble {
namespace {

/// sum over a box's sides of KL(float || student): [B,A].
at::Tensor box_divergence(const at::Tensor& float_boxes, const at::Tensor& boxes) {
  const std::int64_t bins = bins_of(boxes);
  if (bins == 1) return ((boxes - float_boxes) / side_spread(float_boxes)).square().sum(1) / 2;
  const std::vector<std::int64_t> by_bin{boxes.size(0), 4, bins, boxes.size(2)};
  const at::Tensor wanted = at::log_softmax(float_boxes.reshape(by_bin), 2);
  const at::Tensor found = at::log_softmax(boxes.reshape(by_bin), 2);
  return (wanted.exp() * (wanted - found)).sum(2).sum(1);
}

}  // namespace

std::int64_t bins_of(const at::Tensor& boxes) { return boxes.size(1) / 4; }

at::Tensor side_spread(const at::Tensor& distances) {
  constexpr double kLeastCells = 0.25, kShareOfExtent = 0.05;
  const at::Tensor extent = (distances.slice(1, 0, 2) + distances.slice(1, 2, 4)).clamp_min(0);  // width, height
  return (extent * kShareOfExtent + kLeastCells).repeat({1, 2, 1});
}

HeadLoss head_loss(const at::Tensor& float_boxes, const at::Tensor& float_classes, const at::Tensor& boxes, const at::Tensor& classes) {
  const at::Tensor probability = at::sigmoid(float_classes);
  const at::Tensor weight = std::get<0>(probability.max(1));  // [B,A]
  const at::Tensor divergence =
      (at::softplus(classes) - probability * classes) - (at::softplus(float_classes) - probability * float_classes);
  return {divergence.sum(), (weight * box_divergence(float_boxes, boxes)).sum(), weight.sum()};
}

}  // namespace nibble

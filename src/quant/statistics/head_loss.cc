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

/// KL(Bernoulli(sigmoid wanted) || Bernoulli(sigmoid found)), element by element.
at::Tensor bernoulli_divergence(const at::Tensor& wanted, const at::Tensor& found) {
  const at::Tensor p = at::sigmoid(wanted);
  return (at::softplus(found) - p * found) - (at::softplus(wanted) - p * wanted);
}

at::Tensor mask_divergence(const HeadLogits& head, const HeadValues& wanted, const HeadValues& found, const at::Tensor& weight) {
  const MaskSample sample = sample_masks(head, wanted, weight);
  const at::Tensor each = bernoulli_divergence(mask_logits(wanted, sample), mask_logits(found, sample));
  return (sample.weight * (sample.share * each).sum({2, 3})).sum();
}

/// [B,A]
at::Tensor keypoint_divergence(const HeadLogits& head, const HeadValues& wanted, const HeadValues& found) {
  const std::int64_t values = head.keypoint_values, keypoints = wanted.keypoints.size(1) / values;
  const std::vector<std::int64_t> by_keypoint{wanted.keypoints.size(0), keypoints, values, wanted.keypoints.size(2)};
  const at::Tensor a = wanted.keypoints.reshape(by_keypoint), b = found.keypoints.reshape(by_keypoint);
  const at::Tensor step = (a.slice(2, 0, 2) - b.slice(2, 0, 2)) * head.keypoint_step / keypoint_spread(wanted.boxes, keypoints);
  at::Tensor each = step.square().sum(2) / 2;  // [B,K,A]
  if (values == 3) each = at::sigmoid(a.select(2, 2)) * each + bernoulli_divergence(a.select(2, 2), b.select(2, 2));
  return each.mean(1);
}

/// [B,A]
at::Tensor angle_divergence(const HeadValues& wanted, const HeadValues& found) {
  return ((wanted.angles - found.angles) / angle_spread(wanted.boxes)).square().sum(1) / 2;
}

HeadLoss classifier_loss(const at::Tensor& wanted, const at::Tensor& found) {
  const at::Tensor p = at::log_softmax(wanted, 1), q = at::log_softmax(found, 1);
  return {(p.exp() * (p - q)).sum(), at::zeros({}, wanted.options()), at::full({}, wanted.size(0), wanted.options())};
}

}  // namespace

HeadLoss head_loss(const HeadLogits& head, const HeadValues& float_values, const HeadValues& values) {
  if (!float_values.boxes.defined()) return classifier_loss(float_values.classes, values.classes);
  HeadLoss loss = head_loss(float_values.boxes, float_values.classes, values.boxes, values.classes);
  const at::Tensor weight = std::get<0>(at::sigmoid(float_values.classes).max(1));  // [B,A]
  if (float_values.mask_coefficients.defined()) loss.boxes = loss.boxes + mask_divergence(head, float_values, values, weight);
  if (float_values.keypoints.defined()) loss.boxes = loss.boxes + (weight * keypoint_divergence(head, float_values, values)).sum();
  if (float_values.angles.defined()) loss.boxes = loss.boxes + (weight * angle_divergence(float_values, values)).sum();
  return loss;
}

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

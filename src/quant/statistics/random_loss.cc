// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/random_loss.h"

#include <cmath>

#include "quant/statistics/head_loss.h"

namespace nibble {
namespace {

/// Drawn on the CPU: the same ones on every device.
at::Tensor random_signs(const at::Tensor& like, at::Generator& random) {
  return at::bernoulli(at::full_like(like, 0.5, at::TensorOptions().device(at::kCPU)), random).mul_(2).sub_(1).to(like.device());
}

/// Its gradient with respect to the logits has, over the signs, the Fisher information as covariance: diag(p (1 - p)) of the classes,
/// diag(q) - q q^T of each side's bins, 1 / sigma^2 of a side that is one number. Drawing classes and bins themselves gives the same on
/// average, but with rare large values.
at::Tensor detector_random_loss(const at::Tensor& boxes, const at::Tensor& classes, const DistillationRecipe& weights,
                                at::Generator& random) {
  const at::Tensor p = at::sigmoid(classes.detach());
  const at::Tensor of_classes = ((p * (1 - p) * weights.class_weight).sqrt() * random_signs(p, random) * classes).sum();
  const at::Tensor weight = (std::get<0>(p.max(1)) * weights.box_weight).sqrt_();  // [B,A]
  const std::int64_t bins = bins_of(boxes);
  if (bins == 1) return of_classes + (random_signs(boxes, random) / side_spread(boxes.detach()) * boxes * weight.unsqueeze(1)).sum();
  const at::Tensor sides = boxes.reshape({boxes.size(0), 4, bins, boxes.size(2)});
  const at::Tensor q = at::softmax(sides.detach(), 2);
  const at::Tensor noise = q.sqrt() * random_signs(q, random);
  return of_classes + ((noise - q * noise.sum(2, true)) * sides * weight.unsqueeze(1).unsqueeze(1)).sum();
}

at::Tensor classifier_random_loss(const at::Tensor& classes, const DistillationRecipe& weights, at::Generator& random) {
  const at::Tensor q = at::softmax(classes.detach(), 1);
  const at::Tensor noise = (q * weights.class_weight).sqrt() * random_signs(q, random);
  return ((noise - q * noise.sum(1, true)) * classes).sum();
}

/// Only the parts that a detector does not have. `weight` [B,A] is the square root of what a detection counts.
at::Tensor random_mask_loss(const HeadLogits& head, const HeadValues& values, const at::Tensor& weight, at::Generator& random) {
  const MaskSample sample = sample_masks(head, values, weight);
  const at::Tensor logits = mask_logits(values, sample), p = at::sigmoid(logits.detach());
  return ((p * (1 - p) * sample.share).sqrt() * random_signs(p, random) * logits * sample.weight.unsqueeze(-1).unsqueeze(-1)).sum();
}

at::Tensor random_keypoint_loss(const HeadLogits& head, const HeadValues& values, const at::Tensor& weight, at::Generator& random) {
  const std::int64_t each = head.keypoint_values, keypoints = values.keypoints.size(1) / each;
  const at::Tensor logits = values.keypoints.reshape({values.keypoints.size(0), keypoints, each, values.keypoints.size(2)});
  const at::Tensor points = logits.slice(2, 0, 2);
  at::Tensor precision = head.keypoint_step / keypoint_spread(values.boxes.detach(), keypoints);
  at::Tensor loss = at::zeros({}, weight.options());
  const at::Tensor share = weight.unsqueeze(1).unsqueeze(1) / std::sqrt(static_cast<double>(keypoints));  // [B,1,1,A]
  if (each == 3) {
    const at::Tensor seen = logits.slice(2, 2, 3), p = at::sigmoid(seen.detach());
    precision = precision * p.sqrt();
    loss = (share * (p * (1 - p)).sqrt() * random_signs(p, random) * seen).sum();
  }
  return loss + (share * precision * random_signs(points, random) * points).sum();
}

at::Tensor random_angle_loss(const HeadValues& values, const at::Tensor& weight, at::Generator& random) {
  const at::Tensor noise = random_signs(values.angles, random) / angle_spread(values.boxes.detach());
  return (weight.unsqueeze(1) * noise * values.angles).sum();
}

}  // namespace

at::Tensor random_loss(const HeadLogits& head, HeadValues values, const DistillationRecipe& weights, at::Generator& random) {
  if (!values.boxes.defined()) return classifier_random_loss(values.classes, weights, random);
  at::Tensor loss = detector_random_loss(values.boxes, values.classes, weights, random);
  const at::Tensor weight = (std::get<0>(at::sigmoid(values.classes.detach()).max(1)) * weights.box_weight).sqrt();  // [B,A]
  if (values.mask_areas.defined()) values.mask_areas = values.mask_areas.detach();
  if (values.mask_coefficients.defined()) loss = loss + random_mask_loss(head, values, weight, random);
  if (values.keypoints.defined()) loss = loss + random_keypoint_loss(head, values, weight, random);
  if (values.angles.defined()) loss = loss + random_angle_loss(values, weight, random);
  return loss;
}

}  // namespace nibble

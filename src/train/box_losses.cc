// SPDX-License-Identifier: Apache-2.0
#include "train/box_losses.h"

#include <ATen/core/grad_mode.h>

#include <numbers>

namespace nibble {
namespace {

constexpr double kEpsilon = 1e-7;

struct Sides {
  at::Tensor x1, y1, x2, y2, width, height;
};

Sides sides_of(const at::Tensor& boxes) {
  const auto parts = boxes.unbind(-1);
  return {parts[0], parts[1], parts[2], parts[3], parts[2] - parts[0], parts[3] - parts[1] + kEpsilon};
}

}  // namespace

at::Tensor complete_iou(const at::Tensor& first, const at::Tensor& second) {
  const Sides a = sides_of(first), b = sides_of(second);
  const at::Tensor shared =
      (at::minimum(a.x2, b.x2) - at::maximum(a.x1, b.x1)).clamp_min(0) * (at::minimum(a.y2, b.y2) - at::maximum(a.y1, b.y1)).clamp_min(0);
  const at::Tensor iou = shared / (a.width * a.height + b.width * b.height - shared + kEpsilon);
  const at::Tensor around_x = at::maximum(a.x2, b.x2) - at::minimum(a.x1, b.x1);
  const at::Tensor around_y = at::maximum(a.y2, b.y2) - at::minimum(a.y1, b.y1);
  const at::Tensor diagonal2 = around_x.square() + around_y.square() + kEpsilon;
  const at::Tensor distance2 = ((b.x1 + b.x2 - a.x1 - a.x2).square() + (b.y1 + b.y2 - a.y1 - a.y2).square()) / 4;
  const at::Tensor v = (at::atan(b.width / b.height) - at::atan(a.width / a.height)).square() * (4 / (std::numbers::pi * std::numbers::pi));
  at::Tensor alpha;
  {
    const at::NoGradGuard no_gradients;
    alpha = v / (1 - iou + v + kEpsilon);
  }
  return iou - distance2 / diagonal2 - v * alpha;
}

at::Tensor expected_distances(const at::Tensor& logits) {
  auto shape = logits.sizes().vec();
  const std::int64_t bins = shape.back() / 4;
  shape.back() = 4;
  shape.push_back(bins);
  return at::softmax(logits.reshape(shape), -1).matmul(at::arange(bins, logits.options()));
}

at::Tensor distance_l1(const at::Tensor& found, const at::Tensor& wanted, const at::Tensor& stride_px, const at::Tensor& image_px) {
  const at::Tensor sides_px = image_px.repeat(2);  // left and right lie along the width, top and bottom along the height
  return ((found - wanted) * stride_px / sides_px).abs().mean(-1);
}

at::Tensor distribution_focal_loss(const at::Tensor& logits, const at::Tensor& distances) {
  constexpr double kBelowLast = 0.01;  // keeps the upper bin inside
  const std::int64_t bins = logits.size(-1) / 4;
  const at::Tensor wanted = distances.clamp(0, static_cast<double>(bins - 1) - kBelowLast);
  const at::Tensor lower = wanted.to(at::kLong);
  const at::Tensor upper_weight = wanted - lower.to(wanted.scalar_type());
  const at::Tensor log_likelihood = at::log_softmax(logits.reshape({-1, 4, bins}), -1);
  const auto cross_entropy = [&](const at::Tensor& bin) { return -log_likelihood.gather(-1, bin.unsqueeze(-1)).squeeze(-1); };
  return (cross_entropy(lower) * (1 - upper_weight) + cross_entropy(lower + 1) * upper_weight).mean(-1);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Losses of boxes. Boxes are x1, y1, x2, y2 in the last dimension, in any one unit. Everything differentiates.
#pragma once
#include <ATen/ATen.h>

namespace nibble {

/// Complete IoU (Zheng et al. 2020) of pairs [N,4], [N,4] -> [N], at most 1:
///   IoU - d^2 / c^2 - alpha v,  d the distance of the centres, c the diagonal of the box around both,
///   v = 4 / pi^2 (atan(w2 / h2) - atan(w1 / h1))^2,  alpha = v / (1 - IoU + v), which is not differentiated.
/// With Ultralytics' guards against division by 0: 1e-7 on heights, union, c^2 and alpha.
at::Tensor complete_iou(const at::Tensor& a, const at::Tensor& b);

/// Distances of a point to a box's sides, from the logits of their distributions: sum of i * softmax_i over the bins i, 2 or more.
/// [..., 4 * bins] (left, top, right, bottom) -> [..., 4], in cells.
at::Tensor expected_distances(const at::Tensor& logits);

/// Distribution focal loss (Li et al. 2020): cross entropy of the two bins beside the wanted distance, weighted by nearness,
/// averaged over the four sides. There are 2 bins or more. logits [N, 4 * bins], distances [N,4] in cells, clipped to 0 .. bins - 1.01 ->
/// [N]. Example: distance 2.25 is 0.75 * CE(bin 2) + 0.25 * CE(bin 3).
at::Tensor distribution_focal_loss(const at::Tensor& logits, const at::Tensor& distances);

/// What heads without bins learn instead: the absolute error of the four distances [N,4], in cells of side stride_px [N,1], as a fraction
/// of the image's side image_px [2] (width, height), averaged over the sides -> [N]. Example: 2 cells of 8 px wrong in all four, image 64 x
/// 32 px: (16/64 + 16/32) / 2 = 0.375.
at::Tensor distance_l1(const at::Tensor& found, const at::Tensor& wanted, const at::Tensor& stride_px, const at::Tensor& image_px);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "train/assign.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "train/box_losses.h"

namespace nibble {
namespace {

constexpr double kEpsilon = 1e-9;

/// [B,M,A]: the anchor's point lies inside the object's box, enlarged about its centre to `least_px`; false for padding.
at::Tensor anchors_inside_objects(const PaddedObjects& objects, const Anchors& anchors) {
  const auto least_px = static_cast<double>(anchors.strides_px.size() > 1 ? anchors.strides_px[1] : anchors.strides_px[0]);
  const at::Tensor low = objects.boxes_px.slice(-1, 0, 2), high = objects.boxes_px.slice(-1, 2, 4);
  const at::Tensor centre = (low + high) / 2, half = (high - low).clamp_min(least_px) / 2;
  const at::Tensor points = anchors.points_px.to(centre.scalar_type());
  const at::Tensor from_low = points - (centre - half).unsqueeze(2), to_high = (centre + half).unsqueeze(2) - points;
  return at::minimum(from_low, to_high).amin(-1).gt(kEpsilon).logical_and(objects.is_real.unsqueeze(-1));
}

/// Overlap and alignment [B,M,A] of objects and anchors, 0 where `inside` is false. Only pairs inside are computed: few of all.
struct Match {
  at::Tensor overlap, alignment;
};

Match match_pairs(const at::Tensor& scores, const at::Tensor& boxes_px, const PaddedObjects& objects, const at::Tensor& inside,
                  const AssignOptions& options) {
  const auto where = inside.nonzero().unbind(1);
  const at::Tensor image = where[0], object = where[1], anchor = where[2];
  const at::Tensor overlap = complete_iou(objects.boxes_px.index({image, object}), boxes_px.index({image, anchor})).clamp_min(0);
  const at::Tensor score = scores.index({image, anchor, objects.labels.index({image, object})});
  const at::Tensor zero = at::zeros(inside.sizes(), boxes_px.options());
  return {zero.index_put({image, object, anchor}, overlap),
          zero.index_put({image, object, anchor}, score.pow(options.score_power) * overlap.pow(options.overlap_power))};
}

/// [B,M,A]: 1 at the `candidates` best aligned anchors of each object, 0 elsewhere.
at::Tensor best_aligned(const at::Tensor& alignment, std::int64_t candidates) {
  const auto best = std::get<1>(alignment.topk(std::min(candidates, alignment.size(-1)), -1));
  return at::zeros_like(alignment).scatter(-1, best, 1);
}

/// Anchors taken by several objects keep the one, of all objects of the image, that they overlap most.
at::Tensor without_conflicts(const at::Tensor& taken, const at::Tensor& overlap) {
  const at::Tensor nearest = at::zeros_like(taken).scatter(1, overlap.argmax(1, /*keepdim=*/true), 1);
  return at::where(taken.sum(1, /*keepdim=*/true).gt(1), nearest, taken);
}

Assignment nothing_assigned(const at::Tensor& scores, const at::Tensor& boxes_px) {
  return {at::zeros(scores.sizes().slice(0, 2), scores.options().dtype(at::kBool)), at::zeros_like(boxes_px), at::zeros_like(scores)};
}

}  // namespace

Assignment assign_objects(const at::Tensor& scores, const at::Tensor& boxes_px, const Anchors& anchors, const PaddedObjects& objects,
                          const AssignOptions& options) {
  const at::NoGradGuard no_gradients;
  if (objects.boxes_px.size(1) == 0) return nothing_assigned(scores, boxes_px);
  const at::Tensor inside = anchors_inside_objects(objects, anchors);
  const Match match = match_pairs(scores, boxes_px, objects, inside, options);
  at::Tensor taken = without_conflicts(best_aligned(match.alignment, options.candidates) * inside, match.overlap);
  if (options.kept > 0) taken = taken * best_aligned(match.alignment * taken, options.kept);

  const at::Tensor alignment = match.alignment * taken;
  const at::Tensor best_alignment = alignment.amax(-1, /*keepdim=*/true), best_overlap = (match.overlap * taken).amax(-1, /*keepdim=*/true);
  const at::Tensor weight = (alignment * best_overlap / (best_alignment + kEpsilon)).amax(1);  // [B,A]

  const at::Tensor object = taken.argmax(1);  // [B,A]
  const at::Tensor label = objects.labels.gather(1, object);
  const at::Tensor box = objects.boxes_px.gather(1, object.unsqueeze(-1).expand({-1, -1, 4}));
  const at::Tensor is_positive = taken.amax(1).gt(0);
  const at::Tensor target = (weight * is_positive).unsqueeze(-1);
  return {is_positive, box, at::zeros_like(scores).scatter(-1, label.unsqueeze(-1), target)};
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "train/detection_loss.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/box_logits.h"
#include "nibble/error.h"
#include "train/box_losses.h"

namespace nibble {
namespace {

/// i64 [N] on the CPU, each 0 <= value < limit.
void require_range(const at::Tensor& values, std::int64_t limit, const char* what) {
  const auto wrong = values.lt(0).logical_or(values.ge(limit)).nonzero();
  if (wrong.size(0) == 0) return;
  const auto at = wrong[0].item<std::int64_t>();
  throw Error(ErrorKind::input, fmt::format("detection loss: object {}: {} {} where 0 to {} are possible", at, what,
                                            values[at].item<std::int64_t>(), limit - 1));
}

void require_shapes(const at::Tensor& raw, const Anchors& anchors, const BatchObjects& objects) {
  const std::int64_t count = objects.boxes_px.size(0);
  const bool fits = raw.dim() == 3 && raw.size(0) > 0 && raw.size(1) > kBoxLogits && raw.size(2) == anchors.points_px.size(0) &&
                    objects.boxes_px.dim() == 2 && objects.boxes_px.size(1) == 4 && objects.image.numel() == count &&
                    objects.label.numel() == count;
  if (!fits)
    throw Error(ErrorKind::internal, fmt::format("detection loss: {} objects and an output of {} dimensions do not fit {} anchors", count,
                                                 raw.dim(), anchors.points_px.size(0)));
}

/// The batch's objects in rows of equal length, in their order within each image.
PaddedObjects pad(const BatchObjects& objects, std::int64_t images, std::int64_t classes, const at::Device& device) {
  const at::Tensor image = objects.image.to(at::kCPU, at::kLong), label = objects.label.to(at::kCPU, at::kLong);
  require_range(image, images, "image");
  require_range(label, classes, "class");
  std::vector<std::int64_t> filled(static_cast<std::size_t>(images), 0), slot_values;
  const auto image_of = image.accessor<std::int64_t, 1>();
  for (std::int64_t i = 0; i < image.size(0); ++i) slot_values.push_back(filled[static_cast<std::size_t>(image_of[i])]++);
  const std::int64_t most = *std::max_element(filled.begin(), filled.end());
  const at::Tensor slot = at::tensor(slot_values, at::kLong);
  const at::Tensor boxes = at::zeros({images, most, 4}).index_put({image, slot}, objects.boxes_px.to(at::kCPU, at::kFloat));
  const at::Tensor labels = at::zeros({images, most}, at::kLong).index_put({image, slot}, label);
  const at::Tensor on_device = boxes.to(device);
  return {on_device, labels.to(device), on_device.sum(-1).gt(0)};
}

/// Predictions [B,A,...] in cells and pixels.
struct Prediction {
  at::Tensor distribution;  ///< logits [B,A,64]
  at::Tensor class_logits;  ///< [B,A,nc]
  at::Tensor boxes_cells;   ///< [B,A,4]
};

Prediction decode(const at::Tensor& raw, const at::Tensor& points_cells) {
  const at::Tensor rows = raw.to(at::kFloat).transpose(1, 2);
  const at::Tensor distribution = rows.slice(-1, 0, kBoxLogits).contiguous();
  const at::Tensor distances = expected_distances(distribution);
  return {distribution, rows.slice(-1, kBoxLogits),
          at::cat({points_cells - distances.slice(-1, 0, 2), points_cells + distances.slice(-1, 2, 4)}, -1)};
}

}  // namespace

DetectionLoss detection_loss(const at::Tensor& raw, const Anchors& anchors, const BatchObjects& objects,
                             const DetectionLossOptions& options) {
  require_shapes(raw, anchors, objects);
  const std::int64_t images = raw.size(0);
  const at::Tensor stride = anchors.stride_px, points_cells = anchors.points_px / stride;
  const Prediction predicted = decode(raw, points_cells);
  const PaddedObjects padded = pad(objects, images, raw.size(1) - kBoxLogits, raw.device());
  const Assignment wanted =
      assign_objects(predicted.class_logits.detach().sigmoid(), predicted.boxes_cells.detach() * stride, anchors, padded, options.assign);
  DetectionLoss loss;
  loss.targets = wanted.target_scores.sum();
  loss.images = images;
  const at::Tensor target_sum = loss.targets.clamp_min(1);
  loss.classes =
      at::binary_cross_entropy_with_logits(predicted.class_logits, wanted.target_scores, {}, {}, at::Reduction::Sum) / target_sum;
  const auto positive = wanted.is_positive.nonzero().unbind(1);
  const at::Tensor image = positive[0], anchor = positive[1];
  const at::Tensor weight = wanted.target_scores.index({image, anchor}).sum(-1);
  const at::Tensor boxes = wanted.boxes_px.index({image, anchor}) / stride.index({anchor});
  loss.box = ((1 - complete_iou(predicted.boxes_cells.index({image, anchor}), boxes)) * weight).sum() / target_sum;
  const at::Tensor point = points_cells.index({anchor});
  const at::Tensor distances = at::cat({point - boxes.slice(-1, 0, 2), boxes.slice(-1, 2, 4) - point}, -1);
  loss.distribution = (distribution_focal_loss(predicted.distribution.index({image, anchor}), distances) * weight).sum() / target_sum;

  loss.box = loss.box * options.box_gain;
  loss.classes = loss.classes * options.class_gain;
  loss.distribution = loss.distribution * options.distribution_gain;
  return loss;
}

DetectionLoss dual_detection_loss(const at::Tensor& raw_one2many, const at::Tensor& raw_one2one, const Anchors& anchors,
                                  const BatchObjects& objects, const DetectionLossOptions& options) {
  DetectionLossOptions single = options;
  single.assign.candidates = 1;
  const DetectionLoss many = detection_loss(raw_one2many, anchors, objects, options);
  const DetectionLoss one = detection_loss(raw_one2one, anchors, objects, single);
  return {many.box + one.box, many.classes + one.classes, many.distribution + one.distribution, many.targets + one.targets, many.images};
}

}  // namespace nibble

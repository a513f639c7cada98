// SPDX-License-Identifier: Apache-2.0
#include "train/detection_loss.h"

#include <fmt/format.h>

#include <algorithm>

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

void require_shapes(const at::Tensor& boxes, const at::Tensor& classes, const Anchors& anchors, const BatchObjects& objects) {
  const std::int64_t count = objects.boxes_px.size(0), points = anchors.points_px.size(0);
  const bool fits = boxes.dim() == 3 && classes.dim() == 3 && boxes.size(0) > 0 && classes.size(0) == boxes.size(0) && boxes.size(1) > 0 &&
                    boxes.size(1) % 4 == 0 && classes.size(1) > 0 && boxes.size(2) == points && classes.size(2) == points &&
                    objects.boxes_px.dim() == 2 && objects.boxes_px.size(1) == 4 && objects.image.numel() == count &&
                    objects.label.numel() == count;
  if (!fits)
    throw Error(ErrorKind::internal, fmt::format("detection loss: {} objects and outputs of {} and {} dimensions do not fit {} anchors",
                                                 count, boxes.dim(), classes.dim(), points));
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
  at::Tensor sides;         ///< what the head says of the four distances: logits [B,A,4*bins], or with 1 bin the distances themselves
  at::Tensor class_logits;  ///< [B,A,nc]
  at::Tensor boxes_cells;   ///< [B,A,4]

  bool has_bins() const { return sides.size(-1) > 4; }
};

Prediction decode(const at::Tensor& boxes, const at::Tensor& classes, const at::Tensor& points_cells) {
  const auto rows = [](const at::Tensor& output) { return output.to(at::kFloat).transpose(1, 2).contiguous(); };
  Prediction predicted{rows(boxes), rows(classes), {}};
  const at::Tensor distances = predicted.has_bins() ? expected_distances(predicted.sides) : predicted.sides;
  predicted.boxes_cells = at::cat({points_cells - distances.slice(-1, 0, 2), points_cells + distances.slice(-1, 2, 4)}, -1);
  return predicted;
}

}  // namespace

DetectionLoss detection_loss(const at::Tensor& boxes, const at::Tensor& classes, const Anchors& anchors, const BatchObjects& objects,
                             const DetectionLossOptions& options) {
  require_shapes(boxes, classes, anchors, objects);
  const at::Tensor stride = anchors.stride_px, points_cells = anchors.points_px / stride;
  const Prediction predicted = decode(boxes, classes, points_cells);
  const PaddedObjects padded = pad(objects, boxes.size(0), classes.size(1), boxes.device());
  const Assignment wanted =
      assign_objects(predicted.class_logits.detach().sigmoid(), predicted.boxes_cells.detach() * stride, anchors, padded, options.assign);
  DetectionLoss loss;
  loss.targets = wanted.target_scores.sum();
  loss.images = boxes.size(0);
  const at::Tensor target_sum = loss.targets.clamp_min(1);
  loss.classes = options.class_gain *
                 at::binary_cross_entropy_with_logits(predicted.class_logits, wanted.target_scores, {}, {}, at::Reduction::Sum) /
                 target_sum;
  const auto positive = wanted.is_positive.nonzero().unbind(1);
  const at::Tensor image = positive[0], anchor = positive[1];
  const at::Tensor weight = wanted.target_scores.index({image, anchor}).sum(-1), cell_px = stride.index({anchor});
  const at::Tensor wanted_boxes = wanted.boxes_px.index({image, anchor}) / cell_px;
  loss.box =
      options.box_gain * ((1 - complete_iou(predicted.boxes_cells.index({image, anchor}), wanted_boxes)) * weight).sum() / target_sum;
  const at::Tensor point = points_cells.index({anchor}), sides = predicted.sides.index({image, anchor});
  const at::Tensor distances = at::cat({point - wanted_boxes.slice(-1, 0, 2), wanted_boxes.slice(-1, 2, 4) - point}, -1);
  const at::Tensor error =
      predicted.has_bins() ? distribution_focal_loss(sides, distances) : distance_l1(sides, distances, cell_px, anchors.image_px);
  loss.distances = options.distance_gain * (error * weight).sum() / target_sum;
  return loss;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The loss of YOLOv8 to YOLOv10 on labels, on raw head outputs, with the numbers of Ultralytics' v8DetectionLoss and E2EDetectLoss (8.4).
#pragma once
#include <ATen/ATen.h>

#include <cstdint>

#include "train/anchors.h"
#include "train/assign.h"

namespace nibble {

/// Labelled objects of a batch, in any order.
struct BatchObjects {
  at::Tensor image;     ///< i64 [N]: position in the batch
  at::Tensor label;     ///< i64 [N]: class
  at::Tensor boxes_px;  ///< f32 [N,4]: x1, y1, x2, y2 in pixels of the input; a box whose four numbers sum to 0 or less is ignored
};

struct DetectionLossOptions {
  AssignOptions assign;  ///< 10 candidates for the one2many branch, 1 for the one2one branch
  double box_gain = 7.5;
  double class_gain = 0.5;
  double distribution_gain = 1.5;
};

/// Scalars with their gains, a mean per batch; gradients flow to the raw output.
struct DetectionLoss {
  at::Tensor box;           ///< sum of target * (1 - CIoU)
  at::Tensor classes;       ///< sum of binary cross entropies of all anchors and classes
  at::Tensor distribution;  ///< sum of target * distribution focal loss; all three over max(sum of targets, 1)
  at::Tensor targets;       ///< sum of targets: with it, losses of parts of a batch can be put together
  std::int64_t images = 0;

  /// (box + classes + distribution) * images: what Ultralytics backpropagates.
  at::Tensor total() const { return (box + classes + distribution) * images; }
};

/// `raw` [B,64+nc,A] as the heads `raw` and `raw_one2one` give it (docs/formats.md), any floating type and device; computed in
/// f32. `objects` on any device. Error(internal) where shapes do not fit, Error(input) naming the object for a class or an image
/// out of range.
DetectionLoss detection_loss(const at::Tensor& raw, const Anchors& anchors, const BatchObjects& objects,
                             const DetectionLossOptions& options);

/// The sum over both branches, as YOLOv10 is trained: `options` for one2many, the same with one candidate for one2one.
DetectionLoss dual_detection_loss(const at::Tensor& raw_one2many, const at::Tensor& raw_one2one, const Anchors& anchors,
                                  const BatchObjects& objects, const DetectionLossOptions& options = {});

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The loss on labels of one branch of a detection head, on its raw outputs, with the numbers of Ultralytics' v8DetectionLoss (8.4): heads
// with a distribution over bins (YOLOv8 to YOLO12) and heads that give the distances themselves (YOLO26).
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
  AssignOptions assign;  ///< the defaults are those of one2many branches
  double box_gain = 7.5;
  double class_gain = 0.5;
  double distance_gain = 1.5;
};

/// Scalars with their gains, a mean per batch; gradients flow to the raw output.
struct DetectionLoss {
  at::Tensor box;        ///< sum of target * (1 - CIoU)
  at::Tensor classes;    ///< sum of binary cross entropies of all anchors and classes
  at::Tensor distances;  ///< sum of target * distribution focal loss; with 1 bin, of target * distance_l1; all over max(sum of targets, 1)
  at::Tensor targets;    ///< sum of targets: with it, losses of parts of a batch can be put together
  std::int64_t images = 0;

  /// (box + classes + distances) * images: what Ultralytics backpropagates.
  at::Tensor total() const { return (box + classes + distances) * images; }
};

/// `boxes` [B,4*bins,A] and `classes` [B,nc,A] as the heads `raw` and `raw_one2one` give them side by side (docs/formats.md), any floating
/// type and device; computed in f32. `objects` on any device. Error(internal) where shapes do not fit, Error(input) naming the object for a
/// class or an image out of range.
DetectionLoss detection_loss(const at::Tensor& boxes, const at::Tensor& classes, const Anchors& anchors, const BatchObjects& objects,
                             const DetectionLossOptions& options);

}  // namespace nibble

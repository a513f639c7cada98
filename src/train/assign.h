// SPDX-License-Identifier: Apache-2.0
// Which anchor points learn which object: task-aligned assignment (Feng et al. 2021, "TOOD"), as Ultralytics 8.4 does it.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>

#include "train/anchors.h"

namespace nibble {

/// Objects of a batch, padded to the most of one image (M); M may be 0.
struct PaddedObjects {
  at::Tensor boxes_px;  ///< f32 [B,M,4] x1, y1, x2, y2
  at::Tensor labels;    ///< i64 [B,M]
  at::Tensor is_real;   ///< bool [B,M]; false: padding
};

struct AssignOptions {
  std::int64_t candidates = 10;  ///< anchors an object may get; at least 1
  std::int64_t kept = 0;         ///< of those that are still its own after conflicts, so many, the best aligned ones; 0: all
  double score_power = 0.5;
  double overlap_power = 6;
};

struct Assignment {
  at::Tensor is_positive;    ///< bool [B,A]: learns an object
  at::Tensor boxes_px;       ///< f32 [B,A,4] of the object; meaningless where not positive
  at::Tensor target_scores;  ///< f32 [B,A,nc]: 0 but at the object's class
};

/// `scores` [B,A,nc] in 0..1 and `boxes_px` [B,A,4] are the predictions; nothing is differentiated.
///   alignment = score(class)^score_power * max(CIoU, 0)^overlap_power, of anchors inside the object's box, whose sides count as
///   at least the second stride (the first where there is one only), so that objects smaller than a cell find an anchor.
/// Each object takes its `candidates` best aligned anchors; an anchor taken by several keeps the object it overlaps most; then each object
/// keeps `kept` of what it has. One2one branches have 7 candidates of which 1 is kept, so that who loses a conflict takes another.
/// target score = alignment * (best CIoU of the object) / (best alignment of the object) over its anchors.
Assignment assign_objects(const at::Tensor& scores, const at::Tensor& boxes_px, const Anchors& anchors, const PaddedObjects& objects,
                          const AssignOptions& options);

}  // namespace nibble

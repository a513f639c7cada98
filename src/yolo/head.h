// SPDX-License-Identifier: Apache-2.0
// The detection head: convolutions of one branch, distribution focal loss (Li et al. 2020, arXiv 2006.04388, eq. 5:
// a side's distance is the expectation over its bins; YOLO26 has the distance itself), boxes from anchor points, and the top-k of the
// one-to-one branch.
#pragma once
#include <vector>

#include "base/box_logits.h"
#include "yolo/blocks.h"
#include "yolo/detector.h"

namespace nibble {

/// What a detection head says of itself.
struct HeadLayout {
  std::int64_t classes = 0;
  std::int64_t bins = kBoxBins;       ///< that describe the distance of a box's side; 1: the distance itself
  std::vector<std::int64_t> strides;  ///< pixels per cell, one per level
};
/// Of Detect and v10Detect. Error(unsupported) for another class or more than kMaxBoxBins bins, Error(input) where its numbers contradict
/// each other.
HeadLayout read_head_layout(const Module& head);

/// The heads that can be built of it: of each branch that is there, its detections and its logits.
std::vector<Head> heads_of(const Module& head);

/// Appends the branch that `options` asks for, up to the output "output0". `levels`: the feature maps, finest first.
/// Everything behind the convolutions has a float_reason.
ValueId add_head(Graph& graph, const Module& head, const std::vector<ValueId>& levels, const BuildOptions& options);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The detection head: convolutions of one branch, distribution focal loss (Li et al. 2020, arXiv 2006.04388, eq. 5:
// a side's distance is the expectation over 16 bins), boxes from anchor points, and the top-k of the one-to-one branch.
#pragma once
#include <vector>

#include "yolo/blocks.h"
#include "yolo/detector.h"

namespace nibble {

/// What a v10Detect module says of itself.
struct HeadLayout {
  std::int64_t classes = 0;
  std::vector<std::int64_t> strides;  ///< pixels per cell, one per level
};
/// Error(unsupported) for another head or another number of bins than kBoxBins, Error(input) where its numbers contradict each other.
HeadLayout read_head_layout(const Module& head);

/// Appends the branch that `options` asks for, up to the output "output0". `levels`: the feature maps, finest first.
/// Everything behind the convolutions has a float_reason.
ValueId add_head(Graph& graph, const Module& head, const std::vector<ValueId>& levels, const BuildOptions& options);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Which boxes of two models correspond, so that a picture can mark what changed.
#pragma once
#include <vector>

#include "eval/detection.h"
#include "nibble/predict.h"

namespace nibble {

/// In the order of the two lists; of the baseline: none, lost, other_class, moved; of the model: none, added, other_class, moved.
struct BoxChanges {
  std::vector<BoxChange> baseline, model;
};

/// Pairs the boxes by pair_detections. The lists are what is shown: detections with a score below the working confidence are not in them.
BoxChanges box_changes(const std::vector<Detection>& baseline, const std::vector<Detection>& model);

}  // namespace nibble

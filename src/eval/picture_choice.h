// SPDX-License-Identifier: Apache-2.0
// Which images are worth a picture when two models are compared.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "eval/detection.h"
#include "nibble/predict.h"

namespace nibble {

/// The detections that are shown at a working confidence: those with a score of at least `confidence`; where one box has several classes,
/// the best one.
std::vector<Detection> shown_boxes(const std::vector<Detection>& detections, double confidence);

/// How much the boxes of one image changed.
struct ImageChange {
  std::int64_t image_id = 0;
  std::int64_t baseline_boxes = 0;
  std::array<std::int64_t, kBoxChanges> changes{};  ///< boxes by BoxChange; a pair counts once
  double amount = 0;                                ///< sum of the scores of boxes that were lost, added, or changed class or place
};
/// Of each image of the data set, in its order. Both lists are what is shown.
std::vector<ImageChange> image_changes(const std::vector<CocoImage>& images, const std::vector<Detection>& baseline,
                                       const std::vector<Detection>& model);

struct PictureChoice {
  std::vector<ImageChange> most_changed;  ///< the largest amount first; only images where something changed
  std::vector<ImageChange> typical;       ///< of the others with boxes, those nearest to the median amount
};
/// At most so many of each. Of equal ones the earlier image is taken.
PictureChoice choose_pictures(const std::vector<ImageChange>& changes, std::size_t most, std::size_t typical);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Predicted objects on images, with what changed marked: for `predict` and for the report of a run.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/draw.h"
#include "nibble/predict.h"

namespace nibble {

struct BoxStyle {
  double scale = 1;   ///< pixels of the picture for one of the image
  int line_px = 2;    ///< outline of a box that did not change
  bool plain = true;  ///< false: beside another model's, where changed boxes are dashed and twice as wide, and say in a word what changed
  ImageSize image_px = {};  ///< of the image that masks are of; may be left out where there are none
};

/// "person 0.87", or for a changed box "LOST person 0.87".
std::string box_label(const PredictedBox& box, const std::map<std::int64_t, std::string>& class_names);

/// Boxes in the colour of their class, upright or turned, masks as a tint of it; the most confident one is drawn last and so on top.
/// Keypoints are dots, of 17 with COCO's limbs between them; those with a confidence under 0.25 are left out, as Ultralytics does.
void draw_predictions(Pixels& pixels, const std::vector<PredictedBox>& boxes, const std::map<std::int64_t, std::string>& class_names,
                      const BoxStyle& style);

}  // namespace nibble

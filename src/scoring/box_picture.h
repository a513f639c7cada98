// SPDX-License-Identifier: Apache-2.0
// Predicted boxes on images, with what changed marked: for `predict` and for the report of a run.
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
};

/// "person 0.87", or for a changed box "LOST person 0.87".
std::string box_label(const PredictedBox& box, const std::map<std::int64_t, std::string>& class_names);

/// Boxes in the colour of their class; the most confident one is drawn last and so on top.
void draw_predictions(Pixels& pixels, const std::vector<PredictedBox>& boxes, const std::map<std::int64_t, std::string>& class_names,
                      const BoxStyle& style);

}  // namespace nibble

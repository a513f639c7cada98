// SPDX-License-Identifier: Apache-2.0
// Pictures for people: boxes with labels on an image, images side by side, JPEG files. Functions may run in several threads at once.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "data/pixels.h"

namespace nibble {

using Colour = std::array<std::uint8_t, 3>;  ///< R, G, B

/// Colours that neighbouring class numbers tell apart: the hue goes on by the golden ratio's part of the circle, so that it never comes
/// back, and three brightnesses take turns.
Colour class_colour(std::int64_t class_index);

struct DrawnBox {
  std::array<double, 4> box_xywh_px{};  ///< what lies outside the image is cut off
  Colour colour{};
  std::string label;  ///< letters that are no ASCII are drawn as '?'; empty: none
  bool is_dashed = false;
  int line_px = 2;       ///< width of the outline; 0: only the label
  double letter_px = 9;  ///< height of the label's capitals
};
/// In place: all outlines, then all labels, each above its box or, where there is no room, inside.
void draw_boxes(Pixels& pixels, const std::vector<DrawnBox>& boxes);

/// Width of outlines that stand out on an image of this size, at least 2: as Ultralytics, 0.3 % of the mean side.
int line_width_px(const Pixels& pixels);

/// `left` and `right` beside each other, below a strip with their titles. The images have one size; a gap of grey lies between them.
Pixels side_by_side(const Pixels& left, const std::string& left_title, const Pixels& right, const std::string& right_title);

/// The bytes of a JPEG file. `quality`: 1 to 100. Error(unsupported) for more than 65500 pixels on a side, which JPEG cannot hold.
std::string jpeg_of(const Pixels& pixels, int quality);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Lines, dots and colour on images: what boxes alone do not show. Functions may run in several threads at once.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "data/draw.h"
#include "data/run_lengths.h"

namespace nibble {

struct DrawnLine {
  std::array<double, 2> from_px{}, to_px{};  ///< one point twice is a dot; what lies outside the image is cut off
  Colour colour{};
  bool is_dashed = false;
  int line_px = 2;  ///< width, of a dot its diameter; 0 draws nothing
};
/// In place, one after the other.
void draw_lines(Pixels& pixels, const std::vector<DrawnLine>& lines);

/// Blends `share` (0..1) of the colour into the pixels of a mask, which is enlarged or made smaller to the size of `pixels`.
void tint_mask(Pixels& pixels, const RunLengths& mask, const Colour& colour, double share);

/// Blends `share` (0..1) of the colour into the rectangle x, y, width, height (rounded to whole pixels); what lies outside is cut off.
void tint_rectangle(Pixels& pixels, const std::array<double, 4>& xywh_px, const Colour& colour, double share);

}  // namespace nibble

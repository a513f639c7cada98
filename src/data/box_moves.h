// SPDX-License-Identifier: Apache-2.0
// Moves boxes along with the pixels of their image.
#pragma once
#include <array>
#include <vector>

#include "data/training_set.h"

namespace nibble {

/// A change of coordinates in pixels: x' = scale_x * x + shift_x, y' = scale_y * y + shift_y.
struct BoxMove {
  double scale_x = 1, scale_y = 1, shift_x = 0, shift_y = 0;
};
LabelledBox moved(const LabelledBox& box, const BoxMove& move);

/// The boxes cut to 0 .. width_px and 0 .. height_px; those that have no area afterwards are left out.
std::vector<LabelledBox> clipped(const std::vector<LabelledBox>& boxes, double width_px, double height_px);

/// Ultralytics' rule for boxes cut by augmentation: wider and higher than 2 px, more than a tenth of the `before` area left,
/// and no longer than 100 times its width (or the other way round).
bool is_worth_learning(const LabelledBox& before, const LabelledBox& after);

}  // namespace nibble

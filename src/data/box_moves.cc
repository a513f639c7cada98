// SPDX-License-Identifier: Apache-2.0
#include "data/box_moves.h"

#include <algorithm>

namespace nibble {
namespace {

double width_of(const LabelledBox& box) { return box.corners_px[2] - box.corners_px[0]; }
double height_of(const LabelledBox& box) { return box.corners_px[3] - box.corners_px[1]; }

}  // namespace

LabelledBox moved(const LabelledBox& box, const BoxMove& move) {
  const auto& [x1, y1, x2, y2] = box.corners_px;
  return {box.label,
          {x1 * move.scale_x + move.shift_x, y1 * move.scale_y + move.shift_y, x2 * move.scale_x + move.shift_x,
           y2 * move.scale_y + move.shift_y}};
}

std::vector<LabelledBox> clipped(const std::vector<LabelledBox>& boxes, double width_px, double height_px) {
  std::vector<LabelledBox> kept;
  for (LabelledBox box : boxes) {
    auto& [x1, y1, x2, y2] = box.corners_px;
    x1 = std::clamp(x1, 0.0, width_px);
    x2 = std::clamp(x2, 0.0, width_px);
    y1 = std::clamp(y1, 0.0, height_px);
    y2 = std::clamp(y2, 0.0, height_px);
    if (width_of(box) > 0 && height_of(box) > 0) kept.push_back(box);
  }
  return kept;
}

bool is_worth_learning(const LabelledBox& before, const LabelledBox& after) {
  constexpr double kLeastSidePx = 2, kMostAspect = 100, kLeastPart = 0.1;
  const double width = width_of(after), height = height_of(after);
  if (!(width > kLeastSidePx && height > kLeastSidePx)) return false;
  return width * height > kLeastPart * width_of(before) * height_of(before) && std::max(width / height, height / width) < kMostAspect;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The turned boxes of a result, as geometry.
#pragma once
#include <algorithm>
#include <array>

#include "eval/oriented_box.h"
#include "nibble/predict.h"

namespace nibble {

inline OrientedBox oriented_box(const TurnedBox& box) {
  const auto number = [](double value) { return static_cast<float>(value); };
  return {number(box.x_px), number(box.y_px), number(box.width_px), number(box.height_px), number(box.angle)};
}

/// In order around the box, as corners_of an OrientedBox.
inline std::array<std::array<double, 2>, 4> corners_of(const TurnedBox& box) { return corners_of(oriented_box(box)); }

/// The upright box around it: x, y, width, height.
inline std::array<double, 4> upright_box(const OrientedBox& box) {
  const auto corners = corners_of(box);
  auto low = corners[0], high = corners[0];
  for (const auto& corner : corners)
    for (std::size_t axis = 0; axis < 2; ++axis) {
      low[axis] = std::min(low[axis], corner[axis]);
      high[axis] = std::max(high[axis], corner[axis]);
    }
  return {low[0], low[1], high[0] - low[0], high[1] - low[1]};
}
inline std::array<double, 4> upright_box(const TurnedBox& box) { return upright_box(oriented_box(box)); }

}  // namespace nibble

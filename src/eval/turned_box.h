// SPDX-License-Identifier: Apache-2.0
// The turned boxes of a result, as geometry.
#pragma once
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

inline std::array<double, 4> upright_box(const TurnedBox& box) { return upright_box(oriented_box(box)); }

}  // namespace nibble

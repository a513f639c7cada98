// SPDX-License-Identifier: Apache-2.0
// How large an image or a network's input is.
#pragma once
#include <cstdint>

namespace nibble {

/// In pixels. The order is that of tensor shapes and of Ultralytics' imgsz: height first.
struct ImageSize {
  std::int64_t height = 0;
  std::int64_t width = 0;

  constexpr ImageSize() = default;
  /// A square; implicit, because most inputs are squares and are given by one number.
  constexpr ImageSize(std::int64_t side) : height(side), width(side) {}
  constexpr ImageSize(std::int64_t height_px, std::int64_t width_px) : height(height_px), width(width_px) {}

  constexpr bool is_square() const { return height == width; }
  constexpr std::int64_t pixels() const { return height * width; }
  bool operator==(const ImageSize&) const = default;
};

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Images on their way to a training sample, and the operations of OpenCV on them. Functions may run in several threads at once.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/augment.h"
#include "data/image.h"

namespace nibble {

inline constexpr std::uint8_t kBorderGrey = 114;  ///< where there is no image, in all three colours

struct Pixels {
  std::int64_t width_px = 0;
  std::int64_t height_px = 0;
  std::vector<std::uint8_t> rgb;  ///< rows of interleaved R, G, B
};
/// An image whose pixels are all kBorderGrey.
Pixels grey_canvas(std::int64_t width_px, std::int64_t height_px);

struct DecodedImage {
  Pixels pixels;
  ImageSize original;  ///< after EXIF rotation, before resizing
};
/// Decodes as read_network_image does, then resizes bilinearly to the largest size that fits into `box`, the side that
/// has room left rounded up (Ultralytics' training images, where the box is a square). Errors as read_network_image.
DecodedImage read_pixels(const std::filesystem::path& path, const ImageSize& box);

/// Moves pixels by x' = m0 x + m1 y + m2, y' = m3 x + m4 y + m5, bilinearly, into pixels of `size`, grey outside
/// (cv::warpAffine).
Pixels warp(const Pixels& source, const std::array<double, 6>& matrix, const ImageSize& size);

/// In place, in OpenCV's 8-bit HSV (hue of 180 steps): hue shifted around the circle, saturation and value multiplied and clipped,
/// each truncated to a whole number; saturation 0 stays 0. As Ultralytics since 8.3.79.
void jitter_colours(Pixels& pixels, const ColourJitter& jitter);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Images as classifiers see them: Ultralytics' classify_transforms, pixel for pixel. The shorter side is resized to that of the input with
// Pillow's bilinear filter, which covers all pixels when it makes an image smaller, and the middle is cut out. Where the input is no
// square, both sides are resized to it.
#pragma once
#include <filesystem>

#include "data/image.h"
#include "data/pixels.h"

namespace nibble {

/// Pillow's Image.resize with BILINEAR of 8-bit pixels: along rows, then along columns, each rounded to whole numbers by weights of 22
/// bits. Pillow 13 takes columns first in images that are higher than wide, which changes some pixels by one of 255 steps. Error(usage)
/// where a side of `size` is not positive.
Pixels resize_bilinear(const Pixels& image, const ImageSize& size);

/// The image as a classifier's input of `size`. The letterbox says where the original lies; what is cut off has negative pads. Errors as
/// read_network_image.
NetworkImage read_centre_crop(const std::filesystem::path& path, const ImageSize& size);

}  // namespace nibble

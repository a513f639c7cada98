// SPDX-License-Identifier: Apache-2.0
// Images as the network sees them: Ultralytics' LetterBox (auto=False, scaleup=True, centred, border 114), pixel for pixel,
// as its predictor applies it to the decoded image in one resize. (Its validator first resizes the longer side with sides
// rounded up, which can differ by one row or column.)
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "nibble/image_size.h"

namespace nibble {

/// Where the original image lies in the input of H x W pixels. x_input = x_image * ratio + pad_x_px.
/// Example: 500 x 302 into 640: ratio 1.28, resized to 640 x 387 (386.56 rounded), pads 0 and 126 (253 rows are missing:
/// 126 above, 127 below).
struct Letterbox {
  double ratio = 1;           ///< min(H / height, W / width)
  double pad_x_px = 0;        ///< columns of border on the left, a whole number: round(half of what is missing - 0.1)
  double pad_y_px = 0;        ///< rows of border above
  std::int64_t width_px = 0;  ///< of the original, after EXIF rotation
  std::int64_t height_px = 0;
};

struct NetworkImage {
  Tensor pixels;  ///< u8 [3,H,W], RGB
  Letterbox letterbox;
};

/// Decodes (JPEG, PNG, BMP, WebP, TIFF) as cv2.imread with default flags does: 8 bits, 3 channels, transparency dropped, rotated
/// as EXIF says (data/exif_orientation.h), also in formats where this OpenCV does not. Then resizes bilinearly and pads. Error(input)
/// naming the file when it is missing, no image, too large or a JPEG that ends before all its pixels are there (OpenCV would fill the
/// rest with grey); one that lacks the end marker alone is read with a warning, as browsers show it.
NetworkImage read_network_image(const std::filesystem::path& path, const ImageSize& size);

/// The same of pixels in memory: rows of interleaved R, G, B, 3 * image_size.pixels() bytes. Error(usage) where they are not so many, or
/// an image has no pixels.
NetworkImage network_image_of(std::span<const std::uint8_t> rgb, const ImageSize& image_size, const ImageSize& size);

/// After EXIF rotation; decodes the whole image. Errors as read_network_image.
ImageSize read_image_size(const std::filesystem::path& path);

/// The same by the header where it says the size (data/image_header.h), without a look at the pixels: a damaged image may have a size.
ImageSize read_told_image_size(const std::filesystem::path& path);

/// f32 [B,3,H,W] in 0..1 (value / 255) from u8 images of equal size. Error(internal) on unequal sizes or none.
Tensor stack_images(const std::vector<NetworkImage>& images);

/// OpenCV's version, "4.6.0".
std::string image_library_version();

}  // namespace nibble

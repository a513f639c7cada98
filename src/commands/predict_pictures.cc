// SPDX-License-Identifier: Apache-2.0
#include "commands/predict_pictures.h"

#include <algorithm>

#include "data/pixels.h"
#include "scoring/box_picture.h"

namespace nibble {
namespace {

constexpr int kQuality = 95;                 // as OpenCV writes without being told, and so Ultralytics
constexpr std::int64_t kLargestHalf = 4096;  // px

}  // namespace

std::string picture_of(const PredictedImage& image, const PredictResult& result, const PictureTitles& titles) {
  if (!result.is_compared) {
    Pixels pixels = read_pixels(image.source, image.size).pixels;
    draw_predictions(pixels, image.boxes, result.class_names, {1, line_width_px(pixels), true});
    return jpeg_of(pixels, kQuality);
  }
  const ImageSize box{std::min(image.size.height, kLargestHalf), std::min(image.size.width, kLargestHalf)};
  Pixels left = read_pixels(image.source, box).pixels;
  Pixels right = left;
  const BoxStyle style{static_cast<double>(left.width_px) / static_cast<double>(image.size.width), line_width_px(left), false};
  draw_predictions(left, image.baseline_boxes, result.class_names, style);
  draw_predictions(right, image.boxes, result.class_names, style);
  return jpeg_of(side_by_side(left, titles.baseline, right, titles.model), kQuality);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "commands/predict_pictures.h"

#include <algorithm>

#include "data/pixels.h"
#include "scoring/box_picture.h"
#include "scoring/class_picture.h"

namespace nibble {
namespace {

constexpr int kQuality = 95;                 // as OpenCV writes without being told, and so Ultralytics
constexpr std::int64_t kLargestHalf = 4096;  // px

/// One model's half: what it found, or the bars of its classes.
void draw_half(Pixels& pixels, const PredictResult& result, const std::vector<PredictedBox>& boxes,
               const std::vector<double>& probabilities, bool is_other_class, const BoxStyle& style) {
  if (!probabilities.empty())
    draw_class_bars(pixels, probabilities, result.class_names, style.line_px, is_other_class);
  else
    draw_predictions(pixels, boxes, result.class_names, style);
}

bool is_other_class(const PredictedImage& image) {
  return !image.baseline_probabilities.empty() &&
         best_classes(image.probabilities).front() != best_classes(image.baseline_probabilities).front();
}

}  // namespace

std::string picture_of(const PredictedImage& image, const PredictResult& result, const PictureTitles& titles) {
  if (!result.is_compared) {
    Pixels pixels = read_pixels(image.source, image.size).pixels;
    draw_half(pixels, result, image.boxes, image.probabilities, false, {1, line_width_px(pixels), true, image.size});
    return jpeg_of(pixels, kQuality);
  }
  const ImageSize box{std::min(image.size.height, kLargestHalf), std::min(image.size.width, kLargestHalf)};
  Pixels left = read_pixels(image.source, box).pixels;
  Pixels right = left;
  const BoxStyle style{static_cast<double>(left.width_px) / static_cast<double>(image.size.width), line_width_px(left), false, image.size};
  const bool is_other = is_other_class(image);
  draw_half(left, result, image.baseline_boxes, image.baseline_probabilities, is_other, style);
  draw_half(right, result, image.boxes, image.probabilities, is_other, style);
  return jpeg_of(side_by_side(left, titles.baseline, right, titles.model), kQuality);
}

}  // namespace nibble

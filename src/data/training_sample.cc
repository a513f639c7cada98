// SPDX-License-Identifier: Apache-2.0
#include "data/training_sample.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/box_moves.h"
#include "data/centre_crop.h"
#include "data/image_file.h"
#include "data/pixels.h"

namespace nibble {
namespace {

/// Pixels and the boxes on them.
struct Scene {
  Pixels pixels;
  std::vector<LabelledBox> boxes;
};

const TrainingImage& image_at(const TrainingSet& set, std::int64_t index) { return set.images.at(static_cast<std::size_t>(index)); }

/// Boxes of another image size would be silently wrong.
void require_size(const TrainingImage& image, const ImageSize& found) {
  const bool is_known = image.size.width > 0 && image.size.height > 0;
  if (is_known && image.size != found)
    refuse_image(image.file, fmt::format("{} x {} pixels where the data set says {} x {}", found.width, found.height, image.size.width,
                                         image.size.height));
}

std::vector<LabelledBox> boxes_of(const TrainingImage& image, const ImageSize& size, const BoxMove& move) {
  std::vector<LabelledBox> boxes;
  for (const auto& box : clipped(image.boxes, static_cast<double>(size.width), static_cast<double>(size.height)))
    boxes.push_back(moved(box, move));
  return boxes;
}

Scene resized(const TrainingImage& image, const ImageSize& size) {
  DecodedImage decoded = read_pixels(image.file, size);
  require_size(image, decoded.original);
  const BoxMove move{static_cast<double>(decoded.pixels.width_px) / static_cast<double>(decoded.original.width),
                     static_cast<double>(decoded.pixels.height_px) / static_cast<double>(decoded.original.height), 0, 0};
  auto boxes = boxes_of(image, decoded.original, move);
  return {std::move(decoded.pixels), std::move(boxes)};
}

Pixels interleaved(const Tensor& planes, const ImageSize& size) {
  Pixels pixels{size.width, size.height, std::vector<std::uint8_t>(planes.bytes().size())};
  const auto values = planes.as<std::uint8_t>();
  const auto plane = static_cast<std::size_t>(size.pixels());
  for (std::size_t i = 0; i < plane; ++i)
    for (std::size_t colour = 0; colour < 3; ++colour) pixels.rgb[3 * i + colour] = values[colour * plane + i];
  return pixels;
}

Scene letterboxed(const TrainingImage& image, const ImageSize& size) {
  const NetworkImage placed = read_network_image(image.file, size);
  const ImageSize original{placed.letterbox.height_px, placed.letterbox.width_px};
  require_size(image, original);
  const double ratio = placed.letterbox.ratio;
  const auto boxes = boxes_of(image, original, {ratio, ratio, placed.letterbox.pad_x_px, placed.letterbox.pad_y_px});
  return {interleaved(placed.pixels, size), boxes};
}

/// Copies `tile` so that its first pixel is at (left, top), what lies outside the canvas cut off.
void paste(const Pixels& tile, std::int64_t left, std::int64_t top, Pixels& canvas) {
  const std::int64_t first = std::max<std::int64_t>(0, -left), last = std::min(tile.width_px, canvas.width_px - left);
  if (last <= first) return;
  for (std::int64_t y = std::max<std::int64_t>(0, -top); y < std::min(tile.height_px, canvas.height_px - top); ++y) {
    const auto* const row = tile.rgb.data() + 3 * (y * tile.width_px + first);
    std::copy(row, row + 3 * (last - first), canvas.rgb.data() + 3 * ((y + top) * canvas.width_px + left + first));
  }
}

Scene joined(const TrainingSet& set, const SamplePlan& plan, const ImageSize& size) {
  Scene scene{grey_canvas(2 * size.width, 2 * size.height), {}};
  const auto joint_x = static_cast<std::int64_t>(plan.join[0] * static_cast<double>(size.width));
  const auto joint_y = static_cast<std::int64_t>(plan.join[1] * static_cast<double>(size.height));
  for (std::size_t corner = 0; corner < plan.images.size(); ++corner) {
    const Scene tile = resized(image_at(set, plan.images[corner]), size);
    const std::int64_t left = corner % 2 == 0 ? joint_x - tile.pixels.width_px : joint_x;
    const std::int64_t top = corner < 2 ? joint_y - tile.pixels.height_px : joint_y;
    paste(tile.pixels, left, top, scene.pixels);
    for (const auto& box : tile.boxes) scene.boxes.push_back(moved(box, {1, 1, static_cast<double>(left), static_cast<double>(top)}));
  }
  scene.boxes = clipped(scene.boxes, static_cast<double>(2 * size.width), static_cast<double>(2 * size.height));
  return scene;
}

Scene moved_scene(const Scene& scene, const SamplePlan& plan, const ImageSize& size) {
  const auto width = static_cast<double>(size.width), height = static_cast<double>(size.height);
  const BoxMove move{plan.scale, plan.scale, plan.centre[0] * width - plan.scale * static_cast<double>(scene.pixels.width_px) / 2,
                     plan.centre[1] * height - plan.scale * static_cast<double>(scene.pixels.height_px) / 2};
  Scene result{warp(scene.pixels, {move.scale_x, 0, move.shift_x, 0, move.scale_y, move.shift_y}, size), {}};
  for (const auto& box : scene.boxes) {
    const LabelledBox whole = moved(box, move);
    for (const auto& cut : clipped({whole}, width, height))
      if (is_worth_learning(whole, cut)) result.boxes.push_back(cut);
  }
  return result;
}

Scene scene_of(const TrainingSet& set, const SamplePlan& plan, const ImageSize& size) {
  const bool is_still = plan.scale == 1 && plan.centre == std::array{0.5, 0.5};
  if (plan.images.size() > 1) return moved_scene(joined(set, plan, size), plan, size);
  const TrainingImage& image = image_at(set, plan.images.front());
  return is_still ? letterboxed(image, size) : moved_scene(resized(image, size), plan, size);
}

std::vector<std::uint8_t> planes_of(const Pixels& pixels, bool flip) {
  std::vector<std::uint8_t> planes(pixels.rgb.size());
  const auto width = static_cast<std::size_t>(pixels.width_px), height = static_cast<std::size_t>(pixels.height_px);
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t from = y * width + (flip ? width - 1 - x : x);
      for (std::size_t colour = 0; colour < 3; ++colour) planes[(colour * height + y) * width + x] = pixels.rgb[3 * from + colour];
    }
  return planes;
}

}  // namespace

TrainingSample make_sample(const TrainingSet& set, const SamplePlan& plan, const ImageSize& size) {
  Scene scene = scene_of(set, plan, size);
  if (plan.colour != ColourJitter{}) jitter_colours(scene.pixels, plan.colour);
  if (plan.flip)
    for (auto& box : scene.boxes) {
      const auto width = static_cast<double>(size.width);
      box.corners_px = {width - box.corners_px[2], box.corners_px[1], width - box.corners_px[0], box.corners_px[3]};
    }
  return {planes_of(scene.pixels, plan.flip), std::move(scene.boxes)};
}

TrainingSample make_crop(const TrainingSet& set, const SamplePlan& plan, const ImageSize& size) {
  const TrainingImage& image = image_at(set, plan.images.front());
  const NetworkImage cut = read_centre_crop(image.file, size);
  require_size(image, {cut.letterbox.height_px, cut.letterbox.width_px});
  Pixels pixels = interleaved(cut.pixels, size);
  if (plan.colour != ColourJitter{}) jitter_colours(pixels, plan.colour);
  return {planes_of(pixels, plan.flip), {}};
}

}  // namespace nibble

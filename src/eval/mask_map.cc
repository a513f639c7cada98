// SPDX-License-Identifier: Apache-2.0
#include "eval/mask_map.h"

#include <algorithm>
#include <cmath>

#include "eval/coco_map.h"

namespace nibble {
namespace {

/// Where a value of the larger or smaller row comes from: two neighbours and the share of the second.
struct Blend {
  std::int64_t first = 0, second = 0;
  float share = 0;
};

/// As torch.nn.functional.interpolate(mode="bilinear", align_corners=False) does along one axis.
std::vector<Blend> blends_of(std::int64_t from, std::int64_t to) {
  const float step = static_cast<float>(from) / static_cast<float>(to);
  std::vector<Blend> blends;
  for (std::int64_t i = 0; i < to; ++i) {
    const float at = std::max(step * (static_cast<float>(i) + 0.5F) - 0.5F, 0.0F);
    const auto first = std::min(static_cast<std::int64_t>(at), from - 1);
    blends.push_back({first, std::min(first + 1, from - 1), std::clamp(at - static_cast<float>(first), 0.0F, 1.0F)});
  }
  return blends;
}

template <class ValueAt>
float blended(const Blend& row, const Blend& column, ValueAt value_at) {
  const float left = 1 - column.share, top = 1 - row.share;
  return top * (left * value_at(row.first, column.first) + column.share * value_at(row.first, column.second)) +
         row.share * (left * value_at(row.second, column.first) + column.share * value_at(row.second, column.second));
}

/// Whole pixels k with start <= k < end that lie in 0..limit.
struct PixelRange {
  std::int64_t first, end;
};
PixelRange pixels_between(float start, float end, std::int64_t limit) {
  const auto inside = [&](float at) { return static_cast<std::int64_t>(std::ceil(std::clamp(at, 0.0F, static_cast<float>(limit)))); };
  return {inside(start), inside(end)};
}

std::vector<float> logits_of(const Prototypes& prototypes, std::span<const float> coefficients) {
  const auto cells = static_cast<std::size_t>(prototypes.height * prototypes.width);
  std::vector<float> logits(cells);
  for (std::size_t k = 0; k < static_cast<std::size_t>(prototypes.count); ++k) {
    const auto plane = prototypes.values.subspan(k * cells, cells);
    for (std::size_t i = 0; i < cells; ++i) logits[i] += coefficients[k] * plane[i];
  }
  return logits;
}

}  // namespace

std::vector<coco::ClassOutcomes> match_masks(const CocoDataset& ground_truth, const std::vector<RunLengths>& truths,
                                             const std::vector<Detection>& detections, const std::vector<RunLengths>& masks, int threads) {
  coco::Measure measure;
  measure.overlap = [&](std::size_t detection, std::size_t truth) {
    const auto& annotation = ground_truth.annotations[truth];
    return overlap_of(masks.at(detection), truths.at(annotation.entry), annotation.is_crowd);
  };
  measure.area_px2 = [&](std::size_t detection) { return static_cast<double>(area_of(masks.at(detection))); };
  return coco::match_classes(ground_truth, detections, threads, &measure);
}

Resampled<CocoMetrics> evaluate_masks(const CocoDataset& ground_truth, const std::vector<RunLengths>& truths,
                                      const std::vector<Detection>& detections, const std::vector<RunLengths>& masks,
                                      const Resampling& resampling) {
  const auto classes = match_masks(ground_truth, truths, detections, masks, resampling.threads);
  return resampled_of_matched(ground_truth, classes, detections.size(), resampling);
}

std::vector<std::uint8_t> mask_in_input(const Prototypes& prototypes, std::span<const float> coefficients,
                                        const std::array<float, 4>& box_xyxy, const ImageSize& input) {
  const auto logits = logits_of(prototypes, coefficients);
  const auto rows = blends_of(prototypes.height, input.height), columns = blends_of(prototypes.width, input.width);
  const auto logit_at = [&](std::int64_t y, std::int64_t x) { return logits[static_cast<std::size_t>(y * prototypes.width + x)]; };
  const auto across = pixels_between(box_xyxy[0], box_xyxy[2], input.width), down = pixels_between(box_xyxy[1], box_xyxy[3], input.height);
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(input.pixels()));
  for (auto y = down.first; y < down.end; ++y)
    for (auto x = across.first; x < across.end; ++x)
      mask[static_cast<std::size_t>(y * input.width + x)] =
          blended(rows[static_cast<std::size_t>(y)], columns[static_cast<std::size_t>(x)], logit_at) > 0;
  return mask;
}

RunLengths mask_in_image(std::span<const std::uint8_t> mask, const std::array<float, 4>& box_xyxy, const ImageSize& input,
                         const Letterbox& letterbox) {
  const auto height = letterbox.height_px, width = letterbox.width_px;
  if (input.height == height && input.width == width) return runs_of_pixels(mask, height, width);
  const auto extent = [&](std::int64_t side, std::int64_t limit) {
    return std::clamp<std::int64_t>(std::llrint(static_cast<double>(side) * letterbox.ratio), 1, limit);
  };
  const auto top = static_cast<std::int64_t>(letterbox.pad_y_px), left = static_cast<std::int64_t>(letterbox.pad_x_px);
  const auto rows = blends_of(extent(height, input.height - top), height), columns = blends_of(extent(width, input.width - left), width);
  const auto set_at = [&](std::int64_t y, std::int64_t x) {
    return static_cast<float>(mask[static_cast<std::size_t>((top + y) * input.width + left + x)]);
  };
  std::vector<std::uint8_t> in_image(static_cast<std::size_t>(height * width));
  for (std::int64_t y = 0; y < height; ++y) {
    const auto& row = rows[static_cast<std::size_t>(y)];
    // The row's masks lie within the box: elsewhere nothing is set.
    if (static_cast<float>(top + row.second) < box_xyxy[1] || static_cast<float>(top + row.first) >= box_xyxy[3]) continue;
    for (std::int64_t x = 0; x < width; ++x)
      in_image[static_cast<std::size_t>(y * width + x)] = blended(row, columns[static_cast<std::size_t>(x)], set_at) >= 1;
  }
  return runs_of_pixels(in_image, height, width);
}

RunLengths assemble_mask(const Prototypes& prototypes, std::span<const float> coefficients, const std::array<float, 4>& box_xyxy,
                         const ImageSize& input, const Letterbox& letterbox) {
  return mask_in_image(mask_in_input(prototypes, coefficients, box_xyxy, input), box_xyxy, input, letterbox);
}

}  // namespace nibble

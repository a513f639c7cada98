// SPDX-License-Identifier: Apache-2.0
#include "data/centre_crop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/image_size_text.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr int kWeightBits = 22;
constexpr std::int64_t kColours = 3;

/// What one pixel of the result is made of: pixels first, first + 1, ... with these weights, which add up to about 2^22.
struct Taps {
  std::int64_t first = 0;
  std::vector<std::int32_t> weights;
};

/// Pixels of the result along one side: `count` of `all`, from `first` on.
struct Part {
  std::int64_t first, count, all;
};

/// A triangle as wide as two pixels of the result, at least of the source.
std::vector<Taps> triangle_taps(std::int64_t from, const Part& to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to.all), support = std::max(scale, 1.0);
  std::vector<Taps> all(static_cast<std::size_t>(to.count));
  for (std::int64_t i = 0; i < to.count; ++i) {
    const double centre = (static_cast<double>(to.first + i) + 0.5) * scale;
    const auto first = std::max<std::int64_t>(static_cast<std::int64_t>(centre - support + 0.5), 0);
    const auto end = std::min<std::int64_t>(static_cast<std::int64_t>(centre + support + 0.5), from);
    std::vector<double> weights;
    double sum = 0;
    for (std::int64_t k = first; k < end; ++k) {
      const double distance = std::abs((static_cast<double>(k) - centre + 0.5) / support);
      weights.push_back(distance < 1 ? 1 - distance : 0);
      sum += weights.back();
    }
    auto& taps = all[static_cast<std::size_t>(i)];
    taps.first = first;
    for (const double weight : weights)
      taps.weights.push_back(static_cast<std::int32_t>(0.5 + (sum != 0 ? weight / sum : weight) * (1 << kWeightBits)));
  }
  return all;
}

std::uint8_t to_byte(std::int64_t sum) { return static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> kWeightBits, 0, 255)); }

/// Makes `count` lines shorter or longer, whose pixels lie `step` apart and whose beginnings `pitch` (in pixels).
struct Line {
  std::int64_t count, step, pitch;
};
void resize_lines(const std::vector<std::uint8_t>& from, const Line& source, std::vector<std::uint8_t>& to, const Line& target,
                  const std::vector<Taps>& taps) {
  for (std::int64_t line = 0; line < source.count; ++line)
    for (std::size_t i = 0; i < taps.size(); ++i)
      for (std::int64_t colour = 0; colour < kColours; ++colour) {
        std::int64_t sum = std::int64_t{1} << (kWeightBits - 1);
        for (std::size_t k = 0; k < taps[i].weights.size(); ++k) {
          const auto pixel = line * source.pitch + (taps[i].first + static_cast<std::int64_t>(k)) * source.step;
          sum += std::int64_t{from[static_cast<std::size_t>(pixel * kColours + colour)]} * taps[i].weights[k];
        }
        const auto pixel = line * target.pitch + static_cast<std::int64_t>(i) * target.step;
        to[static_cast<std::size_t>(pixel * kColours + colour)] = to_byte(sum);
      }
}

/// round() of Python: half to the even neighbour.
std::int64_t half_of(std::int64_t pixels) { return static_cast<std::int64_t>(std::nearbyint(static_cast<double>(pixels) / 2)); }

/// Of an image of `original` pixels before the cut.
ImageSize size_before_cut(const ImageSize& original, const ImageSize& input) {
  if (!input.is_square()) return input;
  const auto side = input.width, shorter = std::min(original.width, original.height), longer = std::max(original.width, original.height);
  const auto other = static_cast<std::int64_t>(static_cast<double>(side * longer) / static_cast<double>(shorter));
  return original.width <= original.height ? ImageSize{other, side} : ImageSize{side, other};
}

/// The part of the image that the two sides name, after it was resized to their `all`.
Pixels resized_part(const Pixels& image, const Part& across, const Part& down) {
  Pixels rows = image;
  if (across.count != image.width_px || across.all != image.width_px) {
    rows = {across.count, image.height_px, std::vector<std::uint8_t>(static_cast<std::size_t>(kColours * across.count * image.height_px))};
    resize_lines(image.rgb, {image.height_px, 1, image.width_px}, rows.rgb, {image.height_px, 1, across.count},
                 triangle_taps(image.width_px, across));
  }
  if (down.count == image.height_px && down.all == image.height_px) return rows;
  Pixels result{across.count, down.count, std::vector<std::uint8_t>(static_cast<std::size_t>(kColours * across.count * down.count))};
  resize_lines(rows.rgb, {across.count, across.count, 1}, result.rgb, {across.count, across.count, 1},
               triangle_taps(image.height_px, down));
  return result;
}

}  // namespace

Pixels resize_bilinear(const Pixels& image, const ImageSize& size) {
  if (std::min(size.height, size.width) <= 0)
    throw Error(ErrorKind::usage, fmt::format("image size: {} pixels: expected sides of 1 or more", text_of(size)));
  return resized_part(image, {0, size.width, size.width}, {0, size.height, size.height});
}

NetworkImage read_centre_crop(const std::filesystem::path& path, const ImageSize& size) {
  const ImageSize original = read_image_size(path), whole = size_before_cut(original, size);
  const auto left = half_of(whole.width - size.width), top = half_of(whole.height - size.height);
  // A long thin image would become a huge one: only what is kept is computed.
  const Pixels cut = resized_part(read_pixels(path, original).pixels, {left, size.width, whole.width}, {top, size.height, whole.height});
  std::vector<std::uint8_t> planes;
  planes.reserve(cut.rgb.size());
  for (std::size_t colour = 0; colour < kColours; ++colour)
    for (std::size_t i = colour; i < cut.rgb.size(); i += kColours) planes.push_back(cut.rgb[i]);
  const double ratio = static_cast<double>(whole.width) / static_cast<double>(original.width);
  return {Tensor::of<std::uint8_t>({kColours, size.height, size.width}, std::move(planes)),
          {ratio, -static_cast<double>(left), -static_cast<double>(top), original.width, original.height}};
}

}  // namespace nibble

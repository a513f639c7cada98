// SPDX-License-Identifier: Apache-2.0
#include "data/draw_lines.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/loadable_module.h"
#include "data/image_file.h"
#include "data/image_module.h"
#include "nibble/error.h"

namespace nibble {
namespace {

/// Columns [left, right), rows [top, bottom), which lie in the image.
void tint(Pixels& pixels, std::int64_t left, std::int64_t right, std::int64_t top, std::int64_t bottom, const Colour& colour,
          double share) {
  for (auto y = top; y < bottom; ++y)
    for (auto x = left; x < right; ++x)
      for (std::size_t channel = 0; channel < 3; ++channel) {
        auto& value = pixels.rgb[static_cast<std::size_t>(3 * (y * pixels.width_px + x)) + channel];
        value = static_cast<std::uint8_t>(std::lround((1 - share) * value + share * colour[channel]));
      }
}

}  // namespace

void draw_lines(Pixels& pixels, const std::vector<DrawnLine>& lines) {
  static auto* const draw = module_function<DrawLinesFunction>(kImageModule, kDrawLinesSymbol);
  std::vector<ImageModuleLine> plain;
  for (const auto& [from, to, colour, is_dashed, line_px] : lines)
    plain.push_back({from[0], from[1], to[0], to[1], colour[0], colour[1], colour[2], is_dashed, line_px});
  ModuleReason why{};
  if (draw(pixels.rgb.data(), pixels.width_px, pixels.height_px, plain.data(), plain.size(), why.data(), why.size()) != 0)
    throw Error(ErrorKind::internal, std::string("picture: OpenCV: ") + why.data());
}

void tint_mask(Pixels& pixels, const RunLengths& mask, const Colour& colour, double share) {
  // Pixel x of the picture shows column x * mask width / picture width, rounded down: column k is shown from here on.
  const auto first = [](std::int64_t k, std::int64_t side, std::int64_t of_mask) { return (k * side + of_mask - 1) / of_mask; };
  std::int64_t at = 0;
  for (std::size_t run = 0; run < mask.counts.size(); ++run) {
    const std::int64_t end = at + mask.counts[run];
    for (bool is_set = run % 2 == 1; is_set && at < end;) {
      const auto column = at / mask.height_px, row = at % mask.height_px, length = std::min(end - at, mask.height_px - row);
      tint(pixels, first(column, pixels.width_px, mask.width_px), first(column + 1, pixels.width_px, mask.width_px),
           first(row, pixels.height_px, mask.height_px), first(row + length, pixels.height_px, mask.height_px), colour, share);
      at += length;
    }
    at = end;
  }
}

void tint_rectangle(Pixels& pixels, const std::array<double, 4>& xywh_px, const Colour& colour, double share) {
  const auto inside = [](double at, std::int64_t limit) {
    return static_cast<std::int64_t>(std::lround(std::clamp(at, 0.0, static_cast<double>(limit))));
  };
  const auto& [x, y, width, height] = xywh_px;
  tint(pixels, inside(x, pixels.width_px), inside(x + width, pixels.width_px), inside(y, pixels.height_px),
       inside(y + height, pixels.height_px), colour, share);
}

}  // namespace nibble

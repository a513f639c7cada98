// SPDX-License-Identifier: Apache-2.0
#include "data/draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/loadable_module.h"
#include "data/image_file.h"
#include "data/image_module.h"
#include "nibble/error.h"

namespace nibble {
namespace {

void require(int failed, const ModuleReason& why) {
  if (failed != 0) throw Error(ErrorKind::internal, std::string("picture: OpenCV: ") + why.data());
}

std::uint8_t* allocate_bytes(void* context, std::size_t bytes) noexcept {
  auto& file = *static_cast<std::string*>(context);
  try {
    file.resize(bytes);
    return reinterpret_cast<std::uint8_t*>(file.data());
  } catch (...) {
    return nullptr;  // the module says so
  }
}

/// One '?' for each letter of UTF-8 that the font does not have.
std::string in_ascii(const std::string& text) {
  std::string ascii;
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if ((code & 0xC0U) == 0x80U) continue;  // the rest of a letter
    ascii += code >= 0x20 && code < 0x7F ? letter : '?';
  }
  return ascii;
}

void copy_into(const Pixels& from, Pixels& to, std::int64_t left_px, std::int64_t top_px) {
  for (std::int64_t y = 0; y < from.height_px; ++y)
    std::copy_n(from.rgb.begin() + 3 * y * from.width_px, 3 * from.width_px, to.rgb.begin() + 3 * ((y + top_px) * to.width_px + left_px));
}

}  // namespace

Colour class_colour(std::int64_t class_index) {
  constexpr double kGoldenPart = 0.6180339887498949;
  constexpr std::array<double, 3> kBrightness = {1.0, 0.8, 0.6};
  const auto index = static_cast<double>(class_index);
  const double hue = 6 * (index * kGoldenPart - std::floor(index * kGoldenPart));
  const double value = 255 * kBrightness[static_cast<std::size_t>(class_index % 3 + 3) % 3];
  // Of a hue of six parts, each of the colours is full in two, off in two, and on its way in the others.
  const auto channel = [&](double from) {
    const double part = std::fmod(from + hue, 6);
    return static_cast<std::uint8_t>(value * (1 - std::clamp(std::min(part, 4 - part), 0.0, 1.0)));
  };
  return {channel(5), channel(3), channel(1)};
}

void draw_boxes(Pixels& pixels, const std::vector<DrawnBox>& boxes) {
  static auto* const draw = module_function<DrawBoxesFunction>(kImageModule, kDrawBoxesSymbol);
  std::vector<std::string> labels;
  for (const auto& box : boxes) labels.push_back(in_ascii(box.label));
  std::vector<ImageModuleBox> plain;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const auto& [xywh, colour, label, is_dashed, line_px, letter_px] = boxes[i];
    plain.push_back(
        {xywh[0], xywh[1], xywh[2], xywh[3], colour[0], colour[1], colour[2], is_dashed, line_px, letter_px, labels[i].c_str()});
  }
  ModuleReason why{};
  require(draw(pixels.rgb.data(), pixels.width_px, pixels.height_px, plain.data(), plain.size(), why.data(), why.size()), why);
}

int line_width_px(const Pixels& pixels) {
  return std::max(static_cast<int>(std::lround(0.0015 * static_cast<double>(pixels.width_px + pixels.height_px))), 2);
}

Pixels side_by_side(const Pixels& left, const std::string& left_title, const Pixels& right, const std::string& right_title) {
  const int line_px = line_width_px(left);
  const std::int64_t strip_px = 10 * line_px, gap_px = 3 * line_px;
  Pixels both = grey_canvas(left.width_px + gap_px + right.width_px, std::max(left.height_px, right.height_px) + strip_px);
  copy_into(left, both, 0, strip_px);
  copy_into(right, both, left.width_px + gap_px, strip_px);
  const auto title = [&](const std::string& text, std::int64_t x_px) {
    return DrawnBox{{static_cast<double>(x_px), static_cast<double>(strip_px), 0, 0},
                    {kBorderGrey, kBorderGrey, kBorderGrey},
                    text,
                    false,
                    0,
                    4.5 * line_px};
  };
  draw_boxes(both, {title(left_title, 0), title(right_title, left.width_px + gap_px)});
  return both;
}

std::string jpeg_of(const Pixels& pixels, int quality) {
  constexpr std::int64_t kMostPx = 65500;
  if (std::max(pixels.width_px, pixels.height_px) > kMostPx)
    throw Error(ErrorKind::unsupported, fmt::format("picture: {} x {} px: a JPEG has at most {} on a side; use smaller images",
                                                    pixels.width_px, pixels.height_px, kMostPx));
  static auto* const encode = module_function<EncodeJpegFunction>(kImageModule, kEncodeJpegSymbol);
  std::string file;
  ModuleReason why{};
  require(encode(pixels.rgb.data(), pixels.width_px, pixels.height_px, quality, allocate_bytes, &file, why.data(), why.size()), why);
  return file;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "scoring/box_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace nibble {
namespace {

std::string in_capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return text;
}

DrawnBox drawn(const PredictedBox& box, const std::map<std::int64_t, std::string>& class_names, const BoxStyle& style) {
  const bool is_marked = !style.plain && box.change != BoxChange::none;
  DrawnBox result{box.box_xywh_px,
                  class_colour(box.class_index),
                  box_label(box, class_names),
                  is_marked,
                  is_marked ? 2 * style.line_px : style.line_px,
                  std::max(4.0 * style.line_px, 8.0)};
  for (auto& value : result.box_xywh_px) value *= style.scale;
  return result;
}

}  // namespace

std::string box_label(const PredictedBox& box, const std::map<std::int64_t, std::string>& class_names) {
  const auto name = class_names.find(box.class_index);
  const auto label =
      fmt::format("{} {:.2f}", name == class_names.end() ? fmt::format("class {}", box.class_index) : name->second, box.confidence);
  return box.change == BoxChange::none ? label : fmt::format("{} {}", in_capitals(name_of(box.change)), label);
}

void draw_predictions(Pixels& pixels, const std::vector<PredictedBox>& boxes, const std::map<std::int64_t, std::string>& class_names,
                      const BoxStyle& style) {
  std::vector<DrawnBox> drawings;
  for (auto box = boxes.rbegin(); box != boxes.rend(); ++box) drawings.push_back(drawn(*box, class_names, style));
  draw_boxes(pixels, drawings);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "scoring/class_picture.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/draw_lines.h"
#include "nibble/predict.h"

namespace nibble {

void draw_class_bars(Pixels& pixels, const std::vector<double>& probabilities, const std::map<std::int64_t, std::string>& class_names,
                     int line_px, bool is_changed) {
  constexpr Colour kGround = {24, 24, 24};
  constexpr double kCover = 0.6, kWidth = 26, kRow = 3.1, kText = 2.1, kBar = 0.6;  // of letters
  const double letter_px = std::max(4.0 * line_px, 8.0), margin_px = letter_px / 2;
  const double width_px = std::min(kWidth * letter_px, static_cast<double>(pixels.width_px)), full_px = width_px - 2 * margin_px;
  const auto best = best_classes(probabilities);
  tint_rectangle(pixels, {0, 0, width_px, static_cast<double>(best.size()) * kRow * letter_px + margin_px}, kGround, kCover);
  std::vector<DrawnBox> labels;
  double top_px = 0;
  for (const auto index : best) {
    const double probability = probabilities[static_cast<std::size_t>(index)];
    const auto name = class_names.find(index);
    auto label = fmt::format("{} {:.2f}", name == class_names.end() ? fmt::format("class {}", index) : name->second, probability);
    if (is_changed && index == best.front()) label = "CHANGED " + label;
    labels.push_back({{margin_px, top_px + kText * letter_px, 0, 0}, kGround, label, false, 0, letter_px});
    const std::array<double, 4> bar{margin_px, top_px + kText * letter_px + 1, full_px, kBar * letter_px};
    tint_rectangle(pixels, bar, kGround, 1);
    tint_rectangle(pixels, {bar[0], bar[1], full_px * std::clamp(probability, 0.0, 1.0), bar[3]}, class_colour(index), 1);
    top_px += kRow * letter_px;
  }
  draw_boxes(pixels, labels);
}

}  // namespace nibble

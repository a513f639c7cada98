// SPDX-License-Identifier: Apache-2.0
#include "scoring/box_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

#include "data/draw_lines.h"
#include "eval/turned_box.h"

namespace nibble {
namespace {

constexpr std::size_t kPersonKeypoints = 17;

// COCO's keypoints of a person, counted from 0: nose, eyes 1 2, ears 3 4, shoulders 5 6, elbows 7 8, wrists 9 10, hips 11 12, knees 13 14,
// ankles 15 16; the left one of each pair first.
constexpr std::size_t kHead = 0, kArms = 1, kTrunk = 2, kLegs = 3;
constexpr std::array<Colour, 4> kPartColours = {{{60, 220, 60}, {60, 150, 255}, {255, 70, 220}, {255, 140, 20}}};
constexpr std::size_t part_of_keypoint(std::size_t index) { return index < 5 ? kHead : index < 11 ? kArms : kLegs; }

struct Limb {
  std::size_t from, to, part;
};
/// The skeleton of the person category in COCO's person_keypoints files.
constexpr std::array<Limb, 19> kPersonLimbs = {{{15, 13, kLegs},
                                                {13, 11, kLegs},
                                                {16, 14, kLegs},
                                                {14, 12, kLegs},
                                                {11, 12, kLegs},
                                                {5, 11, kTrunk},
                                                {6, 12, kTrunk},
                                                {5, 6, kTrunk},
                                                {5, 7, kArms},
                                                {6, 8, kArms},
                                                {7, 9, kArms},
                                                {8, 10, kArms},
                                                {1, 2, kHead},
                                                {0, 1, kHead},
                                                {0, 2, kHead},
                                                {1, 3, kHead},
                                                {2, 4, kHead},
                                                {3, 5, kHead},
                                                {4, 6, kHead}}};

std::string in_capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return text;
}

bool is_marked(const PredictedBox& box, const BoxStyle& style) { return !style.plain && box.change != BoxChange::none; }
int line_of(const PredictedBox& box, const BoxStyle& style) { return is_marked(box, style) ? 2 * style.line_px : style.line_px; }

/// The corner that the label of a turned box stands on.
std::array<double, 2> highest_corner(const TurnedBox& box) {
  const auto corners = corners_of(box);
  return *std::min_element(corners.begin(), corners.end(), [](const auto& a, const auto& b) { return a[1] < b[1]; });
}

/// Outline and label; of a turned box the label alone.
DrawnBox drawn(const PredictedBox& box, const std::map<std::int64_t, std::string>& class_names, const BoxStyle& style) {
  DrawnBox result{box.box_xywh_px,       class_colour(box.class_index), box_label(box, class_names),
                  is_marked(box, style), line_of(box, style),           std::max(4.0 * style.line_px, 8.0)};
  if (box.turned) {
    const auto corner = highest_corner(*box.turned);
    result.box_xywh_px = {corner[0], corner[1], 0, 0};
    result.line_px = 0;
  }
  for (auto& value : result.box_xywh_px) value *= style.scale;
  return result;
}

std::array<double, 2> scaled(const std::array<double, 2>& point_px, double scale) { return {scale * point_px[0], scale * point_px[1]}; }

void add_turned_outline(const PredictedBox& box, const BoxStyle& style, std::vector<DrawnLine>& lines) {
  const auto corners = corners_of(*box.turned);
  for (std::size_t i = 0; i < corners.size(); ++i)
    lines.push_back({scaled(corners[i], style.scale), scaled(corners[(i + 1) % corners.size()], style.scale), class_colour(box.class_index),
                     is_marked(box, style), line_of(box, style)});
}

bool is_seen(const PredictedKeypoint& keypoint) {
  constexpr double kLeast = 0.25;
  return keypoint.confidence >= kLeast && (keypoint.x_px > 0 || keypoint.y_px > 0);
}

void add_keypoints(const PredictedBox& box, const BoxStyle& style, std::vector<DrawnLine>& lines) {
  const auto& points = box.keypoints;
  const bool is_person = points.size() == kPersonKeypoints;
  const auto at = [&](std::size_t i) { return scaled({points[i].x_px, points[i].y_px}, style.scale); };
  for (const auto& [from, to, part] : kPersonLimbs)
    if (is_person && is_seen(points[from]) && is_seen(points[to]))
      lines.push_back({at(from), at(to), kPartColours.at(part), false, std::max(style.line_px, 1)});
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!is_seen(points[i])) continue;
    const auto colour = is_person ? kPartColours.at(part_of_keypoint(i)) : class_colour(static_cast<std::int64_t>(i));
    lines.push_back({at(i), at(i), colour, false, 3 * style.line_px});
  }
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
  constexpr double kTint = 0.45;
  std::vector<DrawnBox> drawings;
  std::vector<DrawnLine> lines;
  for (auto box = boxes.rbegin(); box != boxes.rend(); ++box) {
    if (!box->mask.empty())
      tint_mask(pixels, runs_of_text(box->mask, style.image_px.height, style.image_px.width), class_colour(box->class_index), kTint);
    if (box->turned) add_turned_outline(*box, style, lines);
    add_keypoints(*box, style, lines);
    drawings.push_back(drawn(*box, class_names, style));
  }
  draw_lines(pixels, lines);
  draw_boxes(pixels, drawings);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Greedy non-maximum suppression with torchvision's arithmetic: areas, intersections and quotients in f32, the quotient
// compared with a double threshold.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "eval/detection.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr float kClassOffsetPx = 7680.0F;

using Box = std::array<float, 4>;

float area_of(const Box& b) { return (b[2] - b[0]) * (b[3] - b[1]); }

bool overlaps(const Box& a, const Box& b, double iou) {
  const float width = std::max(0.0F, std::min(a[2], b[2]) - std::max(a[0], b[0]));
  const float height = std::max(0.0F, std::min(a[3], b[3]) - std::max(a[1], b[1]));
  const float inter = width * height;
  return static_cast<double>(inter / (area_of(a) + area_of(b) - inter)) > iou;
}

/// A box can only be suppressed by a kept box of its own group. `group_of(i)` is in 0..groups-1.
template <class GroupOf>
std::vector<std::size_t> suppress(const std::vector<Box>& boxes, const std::vector<float>& scores, double iou, std::size_t limit,
                                  std::size_t groups, GroupOf group_of) {
  std::vector<std::size_t> kept;
  std::vector<std::vector<Box>> kept_boxes(groups);
  for (const auto i : by_descending_score(scores)) {
    if (kept.size() >= limit) break;
    auto& rivals = kept_boxes[group_of(i)];
    if (std::any_of(rivals.begin(), rivals.end(), [&](const Box& rival) { return overlaps(rival, boxes[i], iou); })) continue;
    kept.push_back(i);
    rivals.push_back(boxes[i]);
  }
  return kept;
}

/// Whether boxes moved by different classes cannot touch, so that classes may be treated apart.
bool fits_class_offset(const std::vector<Box>& boxes) {
  constexpr float kMargin = 64;  // above the rounding of moved coordinates
  float low = 0, high = 0;
  for (const auto& b : boxes) {
    low = std::min({low, b[0], b[2]});
    high = std::max({high, b[0], b[2]});
  }
  return high - low < kClassOffsetPx - kMargin;
}

std::vector<Box> move_by_class(std::vector<Box> boxes, const std::vector<std::int32_t>& classes) {
  for (std::size_t i = 0; i < boxes.size(); ++i)
    for (auto& coordinate : boxes[i]) coordinate += static_cast<float>(classes[i]) * kClassOffsetPx;
  return boxes;
}

void require_same(std::size_t boxes, std::size_t others) {
  if (boxes != others) throw Error(ErrorKind::internal, fmt::format("suppress_overlaps: {} boxes but {} scores or classes", boxes, others));
}

}  // namespace

std::vector<std::size_t> by_descending_score(const std::vector<float>& scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  return order;
}

std::vector<std::size_t> suppress_overlaps(const std::vector<Box>& boxes_xyxy, const std::vector<float>& scores, double iou,
                                           std::size_t limit) {
  require_same(boxes_xyxy.size(), scores.size());
  return suppress(boxes_xyxy, scores, iou, limit, 1, [](std::size_t) { return std::size_t{0}; });
}

std::vector<std::size_t> suppress_overlaps_by_class(const std::vector<Box>& boxes_xyxy, const std::vector<float>& scores,
                                                    const std::vector<std::int32_t>& classes, double iou, std::size_t limit) {
  require_same(boxes_xyxy.size(), scores.size());
  require_same(boxes_xyxy.size(), classes.size());
  const auto moved = move_by_class(boxes_xyxy, classes);
  if (classes.empty() || !fits_class_offset(boxes_xyxy)) return suppress_overlaps(moved, scores, iou, limit);
  const auto groups = static_cast<std::size_t>(*std::max_element(classes.begin(), classes.end())) + 1;
  return suppress(moved, scores, iou, limit, groups, [&](std::size_t i) { return static_cast<std::size_t>(classes[i]); });
}

}  // namespace nibble

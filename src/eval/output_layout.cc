// SPDX-License-Identifier: Apache-2.0
#include "eval/output_layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "base/box_logits.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::int64_t kRankedValues = 6;
constexpr std::array<std::string_view, 4> kNames = {"one2one", "one2many", "raw", "yolov5"};
constexpr float kSlack = 1e-3F;  ///< half floats and quantised outputs step over 0 and 1 by less

/// Values of one anchor that are not class scores.
std::int64_t leading_values(const OutputLayout& layout) {
  return layout.kind == OutputKind::raw ? kBoxLogits : layout.has_objectness ? 5 : 4;
}

std::int64_t anchors_in(const OutputLayout& layout, const Shape& shape) { return layout.anchors_first ? shape[1] : shape[2]; }

std::int64_t cells(const ImageSize& size, const std::vector<std::int64_t>& strides) {
  std::int64_t count = 0;
  for (const auto stride : strides) count += stride > 0 ? (size.height / stride) * (size.width / stride) : 0;
  return count;
}

bool fits_a_grid(const OutputLayout& layout, const OutputFacts& facts) {
  std::vector<std::vector<std::int64_t>> grids = {{8, 16, 32}, {8, 16, 32, 64}, {4, 8, 16, 32}, {16, 32}};
  if (!facts.strides.empty()) grids.push_back(facts.strides);
  const auto anchors = anchors_in(layout, facts.shape);
  return std::any_of(grids.begin(), grids.end(), [&](const auto& strides) {
    const auto count = cells(facts.image_size, strides);
    return layout.has_objectness ? anchors == 3 * count || (layout.anchors_first && anchors == count) : anchors == count;
  });
}

/// Every reading that the extents allow.
std::vector<OutputLayout> readings(const OutputFacts& facts) {
  std::vector<OutputLayout> found;
  if (facts.shape[2] == kRankedValues) found.push_back({OutputKind::one2one, false, true, facts.class_count});
  for (const bool anchors_first : {false, true}) {
    if (anchors_first && facts.is_own) continue;
    for (OutputLayout layout :
         {OutputLayout{OutputKind::one2many, false, anchors_first, 0}, OutputLayout{OutputKind::raw, false, anchors_first, 0},
          OutputLayout{OutputKind::one2many, true, anchors_first, 0}}) {
      layout.class_count = facts.shape[anchors_first ? 2 : 1] - leading_values(layout);
      const bool has_grid = (facts.class_count > 0 && !layout.has_objectness) || !facts.name.empty() || fits_a_grid(layout, facts);
      const bool fits = has_grid && (facts.class_count > 0 ? layout.class_count == facts.class_count : layout.class_count > 0);
      if (fits) found.push_back(layout);
    }
  }
  return found;
}

/// Leaves all where none fits.
template <class Keep>
void narrow(std::vector<OutputLayout>& layouts, Keep keep) {
  std::vector<OutputLayout> kept;
  std::copy_if(layouts.begin(), layouts.end(), std::back_inserter(kept), keep);
  if (!kept.empty()) layouts = std::move(kept);
}

/// One image's values by anchor and value.
class Grid {
 public:
  Grid(const Tensor& output, const OutputLayout& layout)
      : values_(output.as<float>()), first_(layout.anchors_first), rows_(output.shape()[1]), columns_(output.shape()[2]) {}
  std::int64_t anchors() const { return first_ ? rows_ : columns_; }
  std::int64_t values() const { return first_ ? columns_ : rows_; }
  float at(std::int64_t anchor, std::int64_t value) const {
    return values_[static_cast<std::size_t>(first_ ? anchor * columns_ + value : value * columns_ + anchor)];
  }

 private:
  std::span<const float> values_;
  bool first_;
  std::int64_t rows_, columns_;
};

bool is_share(float value) { return value >= -kSlack && value <= 1 + kSlack; }

bool is_ranked(const Grid& grid, std::int64_t class_count) {
  for (std::int64_t a = 0; a < grid.anchors(); ++a) {
    const float score = grid.at(a, 4), label = grid.at(a, 5);
    const bool is_class = label >= 0 && label == std::floor(label) && (class_count == 0 || label < static_cast<float>(class_count));
    const bool is_after = a == 0 || score <= grid.at(a - 1, 4) + kSlack;
    const bool is_box = grid.at(a, 0) <= grid.at(a, 2) + 1 && grid.at(a, 1) <= grid.at(a, 3) + 1;
    if (!is_share(score) || !is_class || !is_after || !is_box) return false;
  }
  return true;
}

/// Scores, boxes with sizes: nothing that only logits are.
bool is_decoded(const Grid& grid) {
  for (std::int64_t a = 0; a < grid.anchors(); ++a) {
    if (grid.at(a, 2) < -1 || grid.at(a, 3) < -1) return false;
    for (std::int64_t v = 4; v < grid.values(); ++v)
      if (!is_share(grid.at(a, v))) return false;
  }
  return true;
}

bool could_be(const OutputLayout& layout, const Tensor& output) {
  const Grid grid(output, layout);
  if (layout.kind == OutputKind::one2one) return is_ranked(grid, layout.class_count);
  return is_decoded(grid) == (layout.kind == OutputKind::one2many);
}

}  // namespace

std::string_view name_of(const OutputLayout& layout) {
  if (layout.has_objectness) return "yolov5";
  switch (layout.kind) {
    case OutputKind::one2one: return "one2one";
    case OutputKind::one2many: return "one2many";
    case OutputKind::raw: return "raw";
  }
  return "unknown";
}

std::string layout_names() { return fmt::format("{}", fmt::join(kNames, ", ")); }

std::string parse_layout_name(std::string_view name) {
  if (name == "end2end") return "one2one";
  if (std::find(kNames.begin(), kNames.end(), name) == kNames.end())
    throw Error(ErrorKind::usage, fmt::format("output layout: '{}': unknown; choose one of {}", name, layout_names()));
  return std::string(name);
}

std::vector<OutputLayout> possible_layouts(const OutputFacts& facts) {
  if (facts.shape.size() != 3) return {};
  auto layouts = readings(facts);
  if (!facts.name.empty()) {
    std::erase_if(layouts, [&](const auto& layout) { return name_of(layout) != facts.name; });
  } else if (facts.is_end2end) {
    narrow(layouts, [&](const auto& layout) { return (layout.kind == OutputKind::one2one) == *facts.is_end2end; });
  }
  if (layouts.size() > 1)
    narrow(layouts, [&](const auto& layout) { return layout.kind == OutputKind::one2one || fits_a_grid(layout, facts); });
  return layouts;
}

std::vector<OutputLayout> layouts_fitting(const std::vector<OutputLayout>& layouts, const Tensor& output) {
  const Tensor floats = output.to(DType::f32);
  std::vector<OutputLayout> kept;
  std::copy_if(layouts.begin(), layouts.end(), std::back_inserter(kept), [&](const auto& layout) { return could_be(layout, floats); });
  // Ranked rows of one class also look like anchors with scores; anchors are never ranked by chance, unless nothing has a score.
  const auto ranked = std::find_if(kept.begin(), kept.end(), [](const auto& layout) { return layout.kind == OutputKind::one2one; });
  if (ranked != kept.end() && floats.count() > 0 && Grid(floats, *ranked).at(0, 4) > 0) return {*ranked};
  return kept;
}

bool has_boxes_in_pixels(const OutputLayout& layout, const Tensor& output, const ImageSize& image_size) {
  if (layout.kind != OutputKind::one2many) return true;
  const Tensor floats = output.to(DType::f32);
  const Grid grid(floats, layout);
  float farthest = 0;
  for (std::int64_t a = 0; a < grid.anchors(); ++a) farthest = std::max(farthest, grid.at(a, 0));
  return farthest > static_cast<float>(image_size.width) / 4;
}

Tensor in_standard_form(const Tensor& output, const OutputLayout& layout) {
  const bool is_standard = layout.kind == OutputKind::one2one || (!layout.anchors_first && !layout.has_objectness);
  Tensor floats = output.to(DType::f32);
  if (is_standard) return floats;
  const auto from = floats.as<float>();
  const Shape& shape = floats.shape();
  const auto images = static_cast<std::size_t>(shape[0]), anchors = static_cast<std::size_t>(anchors_in(layout, shape));
  const auto values = static_cast<std::size_t>(shape[layout.anchors_first ? 2 : 1]),
             shift = layout.has_objectness ? std::size_t{1} : std::size_t{0};
  std::vector<float> result((values - shift) * anchors * images);
  for (std::size_t image = 0; image < images; ++image) {
    const auto at = [&](std::size_t value, std::size_t anchor) {
      return from[image * values * anchors + (layout.anchors_first ? anchor * values + value : value * anchors + anchor)];
    };
    auto* const target = result.data() + image * (values - shift) * anchors;
    for (std::size_t v = 0; v + shift < values; ++v)
      for (std::size_t a = 0; a < anchors; ++a)
        target[v * anchors + a] = v < 4 ? at(v, a) : shift == 0 ? at(v, a) : at(v + 1, a) * at(4, a);
  }
  return Tensor::of<float>({shape[0], static_cast<std::int64_t>(values - shift), static_cast<std::int64_t>(anchors)}, std::move(result));
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// All arithmetic on boxes is f32 and in the order of PyTorch's operations, so that results equal Ultralytics' bit for bit.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/box_logits.h"
#include "base/image_size_text.h"
#include "eval/decode_rows.h"
#include "eval/detection.h"
#include "eval/oriented_detection.h"
#include "nibble/error.h"

namespace nibble {
namespace {

using Box = std::array<float, 4>;

/// Boxes in input pixels (x1, y1, x2, y2) with score and class.
struct Candidates {
  std::vector<Box> boxes;
  std::vector<float> scores;
  std::vector<std::int32_t> classes;
  std::vector<std::int64_t> rows;  ///< DecodedRow::row

  void add(const Box& box, float score, std::int64_t class_index, std::int64_t row) {
    boxes.push_back(box);
    scores.push_back(score);
    classes.push_back(static_cast<std::int32_t>(class_index));
    rows.push_back(row);
  }
  Candidates pick(const std::vector<std::size_t>& indices) const {
    Candidates picked;
    for (const auto i : indices) picked.add(boxes[i], scores[i], classes[i], rows[i]);
    return picked;
  }
};

/// One image's output: rows x columns values.
struct Rows {
  std::span<const float> values;
  std::int64_t count = 0;
  std::int64_t columns = 0;
  float at(std::int64_t row, std::int64_t column) const { return values[static_cast<std::size_t>(row * columns + column)]; }
  std::span<const float> row(std::int64_t r) const {
    return values.subspan(static_cast<std::size_t>(r * columns), static_cast<std::size_t>(columns));
  }
};

void require_finite(std::span<const float> values, std::int64_t image_id) {
  const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
  if (bad != values.end())
    throw Error(ErrorKind::numeric, fmt::format("network output: image {}: value {} is {}; the model overflows on this image", image_id,
                                                bad - values.begin(), *bad));
}

Rows rows_of(const Tensor& output, std::int64_t index, std::int64_t image_id) {
  const Shape& shape = output.shape();
  if (shape.size() != 3 || index < 0 || index >= shape[0])
    throw Error(ErrorKind::internal, fmt::format("decode_output: no image {} in an output of shape [{}]", index, fmt::join(shape, ",")));
  const auto size = static_cast<std::size_t>(shape[1] * shape[2]);
  Rows rows{output.as<float>().subspan(static_cast<std::size_t>(index) * size, size), shape[1], shape[2]};
  require_finite(rows.values, image_id);
  return rows;
}

/// At most `count`, best score first; ties by ascending index.
Candidates best_of(const Candidates& all, std::int64_t count) {
  auto order = by_descending_score(all.scores);
  order.resize(std::min(order.size(), static_cast<std::size_t>(count)));
  return all.pick(order);
}

void require_scores(std::span<const float> values, std::int64_t image_id) {
  const auto bad = std::find_if_not(values.begin(), values.end(), is_score);
  if (bad != values.end())
    throw Error(
        ErrorKind::unsupported,
        fmt::format("network output: image {}: a score is {}; expected 0 to 1. Are these logits, shares of 100, or other columns? Export "
                    "the model with decoded scores, or say what they are with --output-layout",
                    image_id, *bad));
}

// ---- one2one

Candidates candidates_of_one2one(const Rows& output, std::int64_t class_count, std::int64_t image_id, const DecodeOptions& options) {
  Candidates found;
  for (std::int64_t r = 0; r < output.count; ++r) {
    const auto row = output.row(r);
    require_scores(row.subspan(4, 1), image_id);
    if (!(row[4] > static_cast<float>(options.confidence))) continue;
    constexpr float kRounding = 0.1F;
    if (std::abs(row[5] - std::round(row[5])) > kRounding)
      throw Error(
          ErrorKind::unsupported,
          fmt::format("network output: image {}: row {}: the class is {}, expected a whole number; expected x1, y1, x2, y2, score, class",
                      image_id, r, row[5]));
    if (std::lround(row[5]) < 0 || std::lround(row[5]) >= class_count)
      throw Error(ErrorKind::input, fmt::format("network output: image {}: row {}: class {} is not one of {}; is this the right data set?",
                                                image_id, r, row[5], class_count));
    found.add({row[0], row[1], row[2], row[3]}, row[4], std::lround(row[5]), r);
  }
  return best_of(found, options.max_detections);
}

// ---- one2many and raw

/// Behind the rows of boxes.
std::span<const float> class_scores_of(const Rows& output) {
  return output.values.subspan(static_cast<std::size_t>(4 * output.columns), static_cast<std::size_t>((output.count - 4) * output.columns));
}

Box corners_of(const Box& centre_and_size) {
  const float half_width = centre_and_size[2] / 2, half_height = centre_and_size[3] / 2;
  return {centre_and_size[0] - half_width, centre_and_size[1] - half_height, centre_and_size[0] + half_width,
          centre_and_size[1] + half_height};
}

struct Hit {
  std::int64_t anchor;
  std::int64_t class_index;
  float score;
};

/// Of each anchor the hit with the best score; of equal scores the lower class. `hits` are in the order of anchors, then classes.
std::vector<Hit> best_of_each_anchor(const std::vector<Hit>& hits) {
  std::vector<Hit> best;
  for (const auto& hit : hits) {
    if (best.empty() || best.back().anchor != hit.anchor)
      best.push_back(hit);
    else if (hit.score > best.back().score)
      best.back() = hit;
  }
  return best;
}

/// Every (anchor, class) above the confidence, anchor by anchor, or only the best class of each anchor; `box_of(anchor)` gives corners.
/// Scores are read class by class, as they lie in memory, then put in order.
template <class ScoreOf, class BoxOf>
Candidates candidates_above(const Rows& output, std::int64_t first_class_row, const DecodeOptions& options, ScoreOf score_of,
                            BoxOf box_of) {
  const auto threshold = static_cast<float>(options.confidence);
  std::vector<Hit> hits;
  for (std::int64_t r = first_class_row; r < output.count; ++r) {
    const auto row = output.row(r);
    for (std::size_t a = 0; a < row.size(); ++a)
      if (const float score = score_of(row[a]); score > threshold)
        hits.push_back({static_cast<std::int64_t>(a), r - first_class_row, score});
  }
  std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.anchor < b.anchor; });
  if (options.best_class_only) hits = best_of_each_anchor(hits);
  Candidates found;
  for (const auto& hit : hits) found.add(box_of(hit.anchor), hit.score, hit.class_index, hit.anchor);
  return found;
}

Candidates candidates_of_one2many(const Rows& output, const DecodeOptions& options) {
  return candidates_above(
      output, 4, options, [](float score) { return score; },
      [&](std::int64_t a) {
        return corners_of({output.at(0, a), output.at(1, a), output.at(2, a), output.at(3, a)});
      });
}

/// Expected bin of softmax(logits).
float expected_distance(const Rows& output, std::int64_t side, std::int64_t anchor) {
  float largest = output.at(side * kBoxBins, anchor);
  for (std::int64_t k = 1; k < kBoxBins; ++k) largest = std::max(largest, output.at(side * kBoxBins + k, anchor));
  float sum = 0, moment = 0;
  for (std::int64_t k = 0; k < kBoxBins; ++k) {
    const float weight = std::exp(output.at(side * kBoxBins + k, anchor) - largest);
    sum += weight;
    moment += weight * static_cast<float>(k);
  }
  return moment / sum;
}

struct Anchor {
  float x = 0, y = 0;  ///< centre of the cell, in cells
  float stride = 0;
};

/// Strides come from the file's metadata: they are counted before memory is taken for their anchors.
std::vector<Anchor> anchors_of(const std::vector<std::int64_t>& strides, const ImageSize& image_size, std::int64_t expected) {
  const auto rows_of = [&](std::int64_t stride) { return stride > 0 ? image_size.height / stride : 0; };
  const auto columns_of = [&](std::int64_t stride) { return stride > 0 ? image_size.width / stride : 0; };
  std::int64_t count = 0;
  for (const auto stride : strides) count += rows_of(stride) * columns_of(stride);
  if (count != expected)
    throw Error(ErrorKind::input,
                fmt::format("network output: strides [{}] at {} px give {} anchors, the output has {}; check stride and imgsz "
                            "in the model's metadata",
                            fmt::join(strides, ","), text_of(image_size), count, expected));
  std::vector<Anchor> anchors;
  anchors.reserve(static_cast<std::size_t>(expected));
  for (const auto stride : strides)
    for (std::int64_t y = 0; y < rows_of(stride); ++y)
      for (std::int64_t x = 0; x < columns_of(stride); ++x)
        anchors.push_back({static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F, static_cast<float>(stride)});
  return anchors;
}

Box box_of_distribution(const Rows& output, std::int64_t index, const Anchor& anchor) {
  const float x1 = anchor.x - expected_distance(output, 0, index), y1 = anchor.y - expected_distance(output, 1, index);
  const float x2 = anchor.x + expected_distance(output, 2, index), y2 = anchor.y + expected_distance(output, 3, index);
  return corners_of({(x1 + x2) / 2 * anchor.stride, (y1 + y2) / 2 * anchor.stride, (x2 - x1) * anchor.stride, (y2 - y1) * anchor.stride});
}

/// Logits under this have a sigmoid under `confidence`; spares nearly all exponentials.
float surely_below(double confidence) {
  constexpr double kMargin = 0.01;
  return static_cast<float>(std::log(confidence / (1 - confidence)) - kMargin);
}

Candidates candidates_of_raw(const Rows& output, const std::vector<std::int64_t>& strides, const ImageSize& image_size,
                             const DecodeOptions& options) {
  const auto anchors = anchors_of(strides, image_size, output.columns);
  const float lowest = surely_below(options.confidence);
  return candidates_above(
      output, kBoxLogits, options, [lowest](float logit) { return logit < lowest ? 0.0F : 1.0F / (1.0F + std::exp(-logit)); },
      [&](std::int64_t a) { return box_of_distribution(output, a, anchors[static_cast<std::size_t>(a)]); });
}

Candidates before_nms(const Candidates& all, const DecodeOptions& options) {
  const bool too_many = static_cast<std::int64_t>(all.scores.size()) > options.pre_nms_top_k;
  return too_many ? best_of(all, options.pre_nms_top_k) : all;
}

Candidates suppress_and_limit(const Candidates& all, const DecodeOptions& options) {
  const auto best = before_nms(all, options);
  return best.pick(
      suppress_overlaps_by_class(best.boxes, best.scores, best.classes, options.iou, static_cast<std::size_t>(options.max_detections)));
}

// ---- oriented boxes: the candidates' boxes are cx, cy, w, h

std::vector<OrientedBox> oriented_boxes_of(const Candidates& candidates, const Rows& output, OutputKind kind) {
  std::vector<OrientedBox> boxes;
  for (std::size_t i = 0; i < candidates.rows.size(); ++i) {
    const auto& b = candidates.boxes[i];
    const auto row = candidates.rows[i];
    const float angle = kind == OutputKind::one2one ? output.at(row, output.columns - 1) : output.at(output.count - 1, row);
    boxes.push_back({b[0], b[1], b[2], b[3], angle});
  }
  return boxes;
}

Candidates oriented_candidates_of_one2many(const Rows& output, std::int64_t image_id, const DecodeOptions& options) {
  const Rows without_angles{output.values, output.count - 1, output.columns};
  require_scores(class_scores_of(without_angles), image_id);
  return candidates_above(
      without_angles, 4, options, [](float score) { return score; },
      [&](std::int64_t a) {
        return Box{output.at(0, a), output.at(1, a), output.at(2, a), output.at(3, a)};
      });
}

// ---- back to the image

Box undo_letterbox(Box box, const Letterbox& letterbox) {
  const std::array<float, 2> pad = {static_cast<float>(letterbox.pad_x_px), static_cast<float>(letterbox.pad_y_px)};
  const std::array<float, 2> limit = {static_cast<float>(letterbox.width_px), static_cast<float>(letterbox.height_px)};
  const auto ratio = static_cast<float>(letterbox.ratio);
  for (std::size_t i = 0; i < 4; ++i) box[i] = std::clamp((box[i] - pad[i % 2]) / ratio, 0.0F, limit[i % 2]);
  return box;
}

Detection detection_of(const Candidates& from, std::size_t i, const Letterbox& letterbox, std::int64_t image_id) {
  const Box b = undo_letterbox(from.boxes[i], letterbox);
  // A box whose corners are swapped is empty: sizes are never negative.
  const float width = std::max(b[2] - b[0], 0.0F), height = std::max(b[3] - b[1], 0.0F);
  return {image_id, from.classes[i], from.scores[i], {b[0], b[1], width, height}};
}

void require_kind(const Rows& output, OutputKind kind, std::int64_t class_count) {
  const bool fits = kind == OutputKind::one2one    ? output.columns == 6
                    : kind == OutputKind::one2many ? output.count == 4 + class_count
                                                   : output.count == kBoxLogits + class_count;
  if (!fits)
    throw Error(ErrorKind::internal, fmt::format("decode_output: shape [B,{},{}] does not fit the head and {} classes", output.count,
                                                 output.columns, class_count));
}

void check_options(const DecodeOptions& options) {
  const auto fail = [](std::string_view name, auto value, std::string_view expected) {
    throw Error(ErrorKind::usage, fmt::format("detection options: {}: {} is out of range; expected {}", name, value, expected));
  };
  if (!(options.confidence >= 0 && options.confidence <= 1)) fail("confidence", options.confidence, "0 to 1");
  if (!(options.iou >= 0 && options.iou <= 1)) fail("iou", options.iou, "0 to 1");
  if (options.max_detections < 1) fail("max_detections", options.max_detections, "1 or more");
  if (options.pre_nms_top_k < 1) fail("pre_nms_top_k", options.pre_nms_top_k, "1 or more");
}

}  // namespace

std::vector<DecodedRow> decode_rows(const Tensor& output, std::int64_t index, OutputKind kind, std::int64_t class_count,
                                    const std::vector<std::int64_t>& strides, const Letterbox& letterbox, std::int64_t image_id,
                                    const ImageSize& image_size, const DecodeOptions& options) {
  check_options(options);
  const Rows rows = rows_of(output, index, image_id);
  require_kind(rows, kind, class_count);
  Candidates kept;
  switch (kind) {
    case OutputKind::one2one: kept = candidates_of_one2one(rows, class_count, image_id, options); break;
    case OutputKind::one2many:
      require_scores(class_scores_of(rows), image_id);
      kept = suppress_and_limit(candidates_of_one2many(rows, options), options);
      break;
    case OutputKind::raw: kept = suppress_and_limit(candidates_of_raw(rows, strides, image_size, options), options); break;
  }
  std::vector<DecodedRow> rows_found;
  for (std::size_t i = 0; i < kept.scores.size(); ++i) rows_found.push_back({detection_of(kept, i, letterbox, image_id), kept.rows[i]});
  return rows_found;
}

std::vector<OrientedDetection> decode_oriented(const Tensor& output, std::int64_t index, OutputKind kind, std::int64_t class_count,
                                               const Letterbox& letterbox, std::int64_t image_id, const DecodeOptions& options) {
  check_options(options);
  const Rows rows = rows_of(output, index, image_id);
  const bool is_one2one = kind == OutputKind::one2one;
  if (is_one2one ? rows.columns != 7 : rows.count != 5 + class_count)
    throw Error(ErrorKind::internal,
                fmt::format("decode_oriented: shape [B,{},{}] does not fit {} classes", rows.count, rows.columns, class_count));
  const auto best = is_one2one ? candidates_of_one2one(rows, class_count, image_id, options)
                               : before_nms(oriented_candidates_of_one2many(rows, image_id, options), options);
  const auto boxes = oriented_boxes_of(best, rows, kind);
  std::vector<std::size_t> kept(boxes.size());
  std::iota(kept.begin(), kept.end(), std::size_t{0});
  if (!is_one2one)
    kept = suppress_oriented(boxes, best.scores, best.classes, options.iou, static_cast<std::size_t>(options.max_detections));
  const auto ratio = static_cast<float>(letterbox.ratio);
  std::vector<OrientedDetection> detections;
  for (const auto i : kept) {
    const auto& b = boxes[i];
    const OrientedBox in_image{(b.x - static_cast<float>(letterbox.pad_x_px)) / ratio,
                               (b.y - static_cast<float>(letterbox.pad_y_px)) / ratio, b.width / ratio, b.height / ratio, b.angle};
    detections.push_back({image_id, best.classes[i], best.scores[i], in_image});
  }
  return detections;
}

std::vector<Detection> decode_output(const Tensor& output, std::int64_t index, OutputKind kind, std::int64_t class_count,
                                     const std::vector<std::int64_t>& strides, const Letterbox& letterbox, std::int64_t image_id,
                                     const ImageSize& image_size, const DecodeOptions& options) {
  std::vector<Detection> detections;
  for (auto& found : decode_rows(output, index, kind, class_count, strides, letterbox, image_id, image_size, options))
    detections.push_back(std::move(found.detection));
  return detections;
}

void map_classes(std::vector<Detection>& detections, const CocoDataset& dataset) {
  const auto count = static_cast<std::int64_t>(dataset.categories.size());
  for (auto& detection : detections) {
    if (detection.category_id < 0 || detection.category_id >= count)
      throw Error(ErrorKind::input,
                  fmt::format("classes: {}: the model's class {} has no counterpart among {} categories; use annotations with "
                              "the model's classes",
                              dataset.source.string(), detection.category_id, count));
    detection.category_id = dataset.categories[static_cast<std::size_t>(detection.category_id)].id;
  }
}

}  // namespace nibble

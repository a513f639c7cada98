// SPDX-License-Identifier: Apache-2.0
#include "yolo/model_metadata.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <sstream>

#include "base/box_logits.h"
#include "nibble/version.h"
#include "yolo/python_text.h"

namespace nibble {
namespace {

/// Reads what python_repr and str(int) print.
class LiteralReader {
 public:
  explicit LiteralReader(const std::string& text) : text_(text) {}

  bool take(char expected) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }
  std::optional<std::int64_t> integer() {
    skip_blanks();
    std::int64_t value = 0;
    const auto result = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (result.ec != std::errc{}) return std::nullopt;
    at_ = static_cast<std::size_t>(result.ptr - text_.data());
    return value;
  }
  std::optional<std::string> quoted() {
    skip_blanks();
    return read_python_string(text_, at_);
  }
  bool at_end() {
    skip_blanks();
    return at_ == text_.size();
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  const std::string& text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string python_dict(const std::map<std::int64_t, std::string>& names) {
  std::vector<std::string> items;
  for (const auto& [index, name] : names) items.push_back(fmt::format("{}: {}", index, python_repr(name)));
  return fmt::format("{{{}}}", fmt::join(items, ", "));
}

std::optional<std::map<std::int64_t, std::string>> parse_python_dict(const std::string& text) {
  LiteralReader reader(text);
  std::map<std::int64_t, std::string> names;
  if (!reader.take('{')) return std::nullopt;
  while (!reader.take('}')) {
    if (!names.empty() && !reader.take(',')) return std::nullopt;
    const auto index = reader.integer();
    if (!index || !reader.take(':')) return std::nullopt;
    const auto name = reader.quoted();
    if (!name) return std::nullopt;
    names[*index] = *name;
  }
  return reader.at_end() ? std::optional(names) : std::nullopt;
}

std::optional<std::map<std::int64_t, std::string>> parse_names(const std::string& text) {
  if (auto names = parse_python_dict(text)) return names;
  LiteralReader reader(text);
  std::map<std::int64_t, std::string> names;
  const bool is_list = reader.take('[');
  if (!is_list && !reader.take('{')) return std::nullopt;
  while (!reader.take(is_list ? ']' : '}')) {
    if (!names.empty() && !reader.take(',')) return std::nullopt;
    auto index = static_cast<std::int64_t>(names.size());
    if (!is_list) {
      const auto key = reader.quoted();
      if (!key) return std::nullopt;
      const auto result = std::from_chars(key->data(), key->data() + key->size(), index);
      if (result.ec != std::errc{} || result.ptr != key->data() + key->size() || !reader.take(':')) return std::nullopt;
    }
    const auto name = reader.quoted();
    if (!name) return std::nullopt;
    names[index] = *name;
  }
  return reader.at_end() ? std::optional(names) : std::nullopt;
}

std::vector<std::int64_t> strides_of(const Metadata& metadata) {
  const auto found = metadata.find("nibble.strides");
  std::istringstream words(found == metadata.end() ? "8 16 32" : found->second);
  std::vector<std::int64_t> strides;
  for (std::int64_t stride = 0; words >> stride;) strides.push_back(stride);
  return strides;
}

std::string output_meaning(Head head, std::int64_t class_count) {
  switch (head) {
    case Head::one2one: return "[B,K,6]: x1, y1, x2, y2 in input pixels, score, class; best first, no NMS needed";
    case Head::one2many:
      return fmt::format("[B,{},A]: cx, cy, w, h in input pixels, then {} class scores in 0..1, per anchor; needs NMS", class_count + 4,
                         class_count);
    case Head::raw:
    case Head::raw_one2one:
      return fmt::format("[B,{},A]: 64 box-distribution logits (4 sides of 16 bins), then {} class logits, per anchor",
                         class_count + kBoxLogits, class_count);
  }
  return "";
}

std::string output_meaning(const ModelInfo& info) {
  const auto classes = static_cast<std::int64_t>(info.class_names.size());
  if (info.task == Task::detect) return output_meaning(info.head, classes);
  if (info.task == Task::classify) return fmt::format("[B,{}]: probabilities of {} classes, which sum to 1", classes, classes);
  const bool one2one = info.head == Head::one2one;
  const std::string boxes = info.task == Task::obb || !one2one ? "cx, cy, w, h" : "x1, y1, x2, y2";
  std::int64_t extras = 1;
  std::string meaning = "the angle in radians by which the box is turned clockwise", after;
  if (info.task == Task::segment) {
    extras = info.mask_coefficients;
    meaning = fmt::format("{} mask coefficients", extras);
    after = fmt::format("; output1 [B,{},{},{}]: mask prototypes", extras, info.image_size.height / 4, info.image_size.width / 4);
  } else if (info.task == Task::pose) {
    extras = info.keypoint_shape[0] * info.keypoint_shape[1];
    meaning = fmt::format("x, y in input pixels{} of {} keypoints", info.keypoint_shape[1] == 3 ? " and a visibility in 0..1" : "",
                          info.keypoint_shape[0]);
  }
  if (one2one)
    return fmt::format("[B,K,{}]: {} in input pixels, score, class, then {}; best first, no NMS needed{}", 6 + extras, boxes, meaning,
                       after);
  return fmt::format("[B,{},A]: {} in input pixels, then {} class scores in 0..1, then {}, per anchor; needs NMS{}", 4 + classes + extras,
                     boxes, classes, meaning, after);
}

Metadata baseline_metadata(const ModelInfo& info, const std::string& precision) {
  const auto largest = info.strides.empty() ? 32 : *std::max_element(info.strides.begin(), info.strides.end());
  constexpr std::array kKinds{"detector", "segmenter", "pose model", "detector of oriented boxes", "classifier"};
  const auto* kind = kKinds[static_cast<std::size_t>(info.task)];
  Metadata metadata{{"description", fmt::format("{}{} {}, exported by nibble", info.family, info.scale, kind)},
                    {"author", "Ultralytics"},
                    {"version", kVersion},
                    {"task", std::string(name_of(info.task))},
                    {"stride", std::to_string(largest)},
                    {"batch", std::to_string(std::max<std::int64_t>(info.batch, 1))},
                    {"imgsz", fmt::format("[{}, {}]", info.image_size.height, info.image_size.width)},
                    {"names", python_dict(info.class_names)},
                    {"end2end", info.task != Task::classify && info.head == Head::one2one ? "True" : "False"},
                    {"nibble.output0", output_meaning(info)},
                    {"nibble.strides", fmt::format("{}", fmt::join(info.strides, " "))},
                    {"nibble.source", info.source_file},
                    {"nibble.source_sha256", info.source_sha256},
                    {"nibble.precision", precision}};
  if (info.task != Task::classify) metadata["nibble.head"] = name_of(info.head);
  if (info.task == Task::pose) metadata["kpt_shape"] = fmt::format("[{}]", fmt::join(info.keypoint_shape, ", "));
  return metadata;
}

}  // namespace nibble

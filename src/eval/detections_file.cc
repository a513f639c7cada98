// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <ostream>
#include <unordered_map>

#include "base/files.h"
#include "data/json_records.h"
#include "eval/detection.h"
#include "nibble/error.h"

namespace nibble {
namespace {

Detection detection_of(const JsonRecord& record, std::int64_t image_id) {
  Detection detection{image_id, record.integer("category_id"), record.number("score"), {}};
  const auto& box = record.numbers("bbox", 4);
  if (box[2] < 0 || box[3] < 0) record.fail("bbox", fmt::format("negative size {} x {}", box[2], box[3]));
  detection.box_xywh_px = {box[0], box[1], box[2], box[3]};
  return detection;
}

void append_line(fmt::memory_buffer& line, const Detection& d) {
  const auto& b = d.box_xywh_px;
  for (const double value : {d.score, b[0], b[1], b[2], b[3]})
    if (!std::isfinite(value))
      throw Error(ErrorKind::numeric,
                  fmt::format("detections: image {}, category {}: {} cannot be written as JSON", d.image_id, d.category_id, value));
  // "{}" prints the shortest text that reads back as the same double.
  fmt::format_to(std::back_inserter(line), R"({{"image_id":{},"category_id":{},"bbox":[{},{},{},{}],"score":{}}})", d.image_id,
                 d.category_id, b[0], b[1], b[2], b[3], d.score);
}

}  // namespace

std::vector<Detection> read_detections(const std::filesystem::path& json) {
  std::vector<Detection> detections;
  read_records(json, {{"", {"image_id", "category_id", "bbox", "score"}, [&](const JsonRecord& r) {
                         detections.push_back(detection_of(r, r.integer("image_id")));
                       }}});
  return detections;
}

DetectionsFile read_detections_file(const std::filesystem::path& json) {
  DetectionsFile file;
  std::unordered_map<std::string, std::int64_t> names;
  bool has_negative = false;
  read_records(json, {{"", {"image_id", "category_id", "bbox", "score"}, [&](const JsonRecord& r) {
                         if (!r.is_text("image_id")) {
                           file.detections.push_back(detection_of(r, r.integer("image_id")));
                           has_negative = has_negative || file.detections.back().image_id < 0;
                           return;
                         }
                         const auto& name = r.text("image_id");
                         const auto [at, is_new] = names.emplace(name, -1 - static_cast<std::int64_t>(names.size()));
                         if (is_new) file.image_names.push_back(name);
                         file.detections.push_back(detection_of(r, at->second));
                       }}});
  if (has_negative && !names.empty())
    throw Error(ErrorKind::input, fmt::format("detections: {}: image ids are texts and negative numbers; use one kind", json.string()));
  return file;
}

void write_detections(const std::filesystem::path& json, const std::vector<Detection>& detections) {
  write_file(json, [&](std::ostream& out) {
    fmt::memory_buffer line;
    for (std::size_t i = 0; i < detections.size(); ++i) {
      line.clear();
      fmt::format_to(std::back_inserter(line), "{}", i == 0 ? "[\n" : ",\n");
      append_line(line, detections[i]);
      out.write(line.data(), static_cast<std::streamsize>(line.size()));
    }
    out << (detections.empty() ? "[]\n" : "\n]\n");
  });
}

}  // namespace nibble

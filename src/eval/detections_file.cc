// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <ostream>

#include "base/files.h"
#include "data/json_records.h"
#include "eval/detection.h"
#include "nibble/error.h"

namespace nibble {
namespace {

Detection detection_of(const JsonRecord& record) {
  Detection detection{record.integer("image_id"), record.integer("category_id"), record.number("score"), {}};
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
  read_records(json,
               {{"", {"image_id", "category_id", "bbox", "score"}, [&](const JsonRecord& r) { detections.push_back(detection_of(r)); }}});
  return detections;
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

// SPDX-License-Identifier: Apache-2.0
#include "eval/findings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <unordered_map>

#include "base/files.h"
#include "base/json_line.h"
#include "base/kind_of_file.h"
#include "data/json_records.h"
#include "data/outlines.h"
#include "data/run_length_text.h"
#include "nibble/error.h"

namespace nibble {
namespace {

// The names of the fields.
constexpr const char *kImage = "image_id", *kCategory = "category_id", *kScore = "score", *kBox = "bbox", *kMask = "segmentation",
                     *kKeypoints = "keypoints", *kTurned = "rbox", *kCorners = "poly";

std::vector<std::string> keys_of(Task task) {
  std::vector<std::string> keys{kImage, kCategory, kScore};
  if (task == Task::detect || task == Task::segment || task == Task::pose) keys.emplace_back(kBox);
  if (task == Task::segment) keys.emplace_back(kMask);
  if (task == Task::pose) keys.emplace_back(kKeypoints);
  if (task == Task::obb) keys.emplace_back(kTurned);
  return keys;
}

// ---- reading

std::array<double, 4> read_box(const JsonRecord& record) {
  const auto& box = record.numbers(kBox, 4);
  if (box[2] < 0 || box[3] < 0) record.fail(kBox, fmt::format("negative size {} x {}", box[2], box[3]));
  return {box[0], box[1], box[2], box[3]};
}

OrientedBox read_turned(const JsonRecord& record) {
  constexpr double kFarthest = 1 << 24;
  const auto& n = record.numbers(kTurned, 5);
  for (const double number : n)
    if (!(std::abs(number) < kFarthest)) record.fail(kTurned, fmt::format("{} is no place in an image", number));
  const auto at = [&](std::size_t i) { return static_cast<float>(n[i]); };
  return {at(0), at(1), at(2), at(3), at(4)};
}

std::vector<Keypoint> read_keypoints(const JsonRecord& record, const Findings& before) {
  const auto& numbers = record.numbers(kKeypoints);
  if (numbers.empty() || numbers.size() % 3 != 0)
    record.fail(kKeypoints, fmt::format("expected x, y and a confidence of each, found {} numbers", numbers.size()));
  if (!before.keypoints.empty() && before.keypoints.front().size() * 3 != numbers.size())
    record.fail(kKeypoints, fmt::format("{} keypoints, the first entry has {}", numbers.size() / 3, before.keypoints.front().size()));
  std::vector<Keypoint> keypoints;
  for (std::size_t i = 0; i < numbers.size(); i += 3) keypoints.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
  return keypoints;
}

void read_finding(const JsonRecord& record, std::int64_t image_id, Task task, Findings& findings) {
  Detection detection{image_id, record.integer(kCategory), record.number(kScore), {}};
  if (task == Task::obb) {
    findings.oriented.push_back(read_turned(record));
    detection.box_xywh_px = upright_box(findings.oriented.back());
  } else if (task != Task::classify) {
    detection.box_xywh_px = read_box(record);
  }
  if (task == Task::segment) findings.masks.push_back(runs_of_record(record, kMask));
  if (task == Task::pose) findings.keypoints.push_back(read_keypoints(record, findings));
  findings.boxes.push_back(detection);
}

// ---- writing

using Line = fmt::memory_buffer;

void append_numbers(Line& line, const char* key, const std::vector<double>& numbers, const Detection& of) {
  for (const double value : numbers)
    if (!std::isfinite(value))
      throw Error(ErrorKind::numeric,
                  fmt::format("detections: image {}, category {}: {} cannot be written as JSON", of.image_id, of.category_id, value));
  // "{}" prints the shortest text that reads back as the same double.
  fmt::format_to(std::back_inserter(line), R"(,"{}":[{}])", key, fmt::join(numbers, ","));
}

void append_turned(Line& line, const OrientedBox& box, const Detection& of) {
  std::vector<double> corners;
  for (const auto& corner : corners_of(box)) corners.insert(corners.end(), corner.begin(), corner.end());
  append_numbers(line, kTurned, {box.x, box.y, box.width, box.height, box.angle}, of);
  append_numbers(line, kCorners, corners, of);
}

void append_keypoints(Line& line, const std::vector<Keypoint>& keypoints, const Detection& of) {
  std::vector<double> numbers;
  for (const auto& point : keypoints) numbers.insert(numbers.end(), {point.x_px, point.y_px, point.visibility});
  append_numbers(line, kKeypoints, numbers, of);
}

/// COCO's compressed text holds '\\' as one of its characters.
void append_mask(Line& line, const RunLengths& mask) {
  fmt::format_to(std::back_inserter(line), R"(,"{}":{{"size":[{},{}],"counts":{}}})", kMask, mask.height_px, mask.width_px,
                 json_line(text_of_runs(mask)));
}

void append_finding(Line& line, const Findings& findings, std::size_t i, Task task, const std::string& image) {
  const Detection& d = findings.boxes[i];
  fmt::format_to(std::back_inserter(line), R"({{"{}":{},"{}":{})", kImage, image, kCategory, d.category_id);
  if (task != Task::classify) append_numbers(line, kBox, {d.box_xywh_px.begin(), d.box_xywh_px.end()}, d);
  if (!std::isfinite(d.score))
    throw Error(ErrorKind::numeric,
                fmt::format("detections: image {}, category {}: {} cannot be written as JSON", d.image_id, d.category_id, d.score));
  fmt::format_to(std::back_inserter(line), R"(,"{}":{})", kScore, d.score);
  if (!findings.masks.empty()) append_mask(line, findings.masks[i]);
  if (!findings.keypoints.empty()) append_keypoints(line, findings.keypoints[i], d);
  if (!findings.oriented.empty()) append_turned(line, findings.oriented[i], d);
  line.push_back('}');
}

}  // namespace

Findings select_findings(const Findings& findings, const std::function<bool(const Detection&)>& is_kept) {
  Findings kept;
  for (std::size_t i = 0; i < findings.boxes.size(); ++i) {
    if (!is_kept(findings.boxes[i])) continue;
    kept.boxes.push_back(findings.boxes[i]);
    if (!findings.masks.empty()) kept.masks.push_back(findings.masks[i]);
    if (!findings.keypoints.empty()) kept.keypoints.push_back(findings.keypoints[i]);
    if (!findings.oriented.empty()) kept.oriented.push_back(findings.oriented[i]);
  }
  return kept;
}

FindingsFile read_findings(const std::filesystem::path& json, Task task) {
  if (const auto kind = kind_of_file(start_of_file(json)))
    throw Error(ErrorKind::input, fmt::format("detections: {}: is {}; expected a list of detections, as nibble eval --save-detections and "
                                              "Ultralytics' predictions.json hold them",
                                              json.string(), name_of(*kind)));
  FindingsFile file;
  std::unordered_map<std::string, std::int64_t> names;
  bool has_negative = false;
  read_records(json, {{"", keys_of(task), [&](const JsonRecord& r) {
                         if (!r.is_text(kImage)) {
                           const auto id = r.integer(kImage);
                           has_negative = has_negative || id < 0;
                           return read_finding(r, id, task, file.findings);
                         }
                         const auto& name = r.text(kImage);
                         const auto [at, is_new] = names.emplace(name, -1 - static_cast<std::int64_t>(names.size()));
                         if (is_new) file.image_names.push_back(name);
                         read_finding(r, at->second, task, file.findings);
                       }}});
  if (has_negative && !names.empty())
    throw Error(ErrorKind::input, fmt::format("detections: {}: image ids are texts and negative numbers; use one kind", json.string()));
  return file;
}

void write_findings(const std::filesystem::path& json, const Findings& findings, Task task,
                    const std::map<std::int64_t, std::string>& image_names) {
  write_file(json, [&](std::ostream& out) {
    Line line;
    for (std::size_t i = 0; i < findings.boxes.size(); ++i) {
      line.clear();
      fmt::format_to(std::back_inserter(line), "{}", i == 0 ? "[\n" : ",\n");
      const auto id = findings.boxes[i].image_id;
      const auto name = image_names.find(id);
      append_finding(line, findings, i, task, name == image_names.end() ? std::to_string(id) : json_line(name->second));
      out.write(line.data(), static_cast<std::streamsize>(line.size()));
    }
    out << (findings.boxes.empty() ? "[]\n" : "\n]\n");
  });
}

// ---- boxes alone

std::vector<Detection> read_detections(const std::filesystem::path& json) {
  auto file = read_findings(json, Task::detect);
  if (!file.image_names.empty())
    throw Error(ErrorKind::input, fmt::format("detections: {}: image_id: expected an integer, found the text \"{}\"", json.string(),
                                              file.image_names.front()));
  return std::move(file.findings.boxes);
}

DetectionsFile read_detections_file(const std::filesystem::path& json) {
  auto file = read_findings(json, Task::detect);
  return {std::move(file.findings.boxes), std::move(file.image_names)};
}

void write_detections(const std::filesystem::path& json, const std::vector<Detection>& detections) {
  write_findings(json, {detections, {}, {}, {}}, Task::detect);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "data/keypoints.h"

#include <fmt/format.h>

#include <algorithm>

#include "nibble/error.h"

namespace nibble {
namespace {

Pose pose_of_record(const JsonRecord& record, std::int64_t count) {
  Pose pose;
  const auto& numbers = record.numbers("keypoints", static_cast<std::size_t>(3 * count));
  for (std::size_t i = 0; i < numbers.size(); i += 3) {
    pose.keypoints.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
    pose.annotated += numbers[i + 2] > 0;
  }
  if (record.has("num_keypoints") && !record.is_null("num_keypoints")) pose.annotated = record.integer("num_keypoints");
  return pose;
}

Pose pose_of_label(const std::vector<double>& numbers, const CocoImage& image, std::int64_t count) {
  constexpr std::size_t kBoxNumbers = 5;  // class, cx, cy, w, h
  const auto points = static_cast<std::size_t>(count);
  const std::size_t behind = numbers.size() - std::min(numbers.size(), kBoxNumbers);
  const bool has_visibility = behind == 3 * points;
  if (!has_visibility && behind != 2 * points)
    throw Error(ErrorKind::input,
                fmt::format("expected class, cx, cy, w, h and {} keypoints of 2 or 3 numbers, found {} numbers", count, numbers.size()));
  Pose pose;
  for (std::size_t i = kBoxNumbers; i < numbers.size(); i += has_visibility ? 3 : 2) {
    const double x = numbers[i], y = numbers[i + 1];
    const double visibility = has_visibility ? numbers[i + 2] : (x < 0 || y < 0 ? 0 : 1);
    pose.keypoints.push_back({x * static_cast<double>(image.width_px), y * static_cast<double>(image.height_px), visibility});
    pose.annotated += visibility > 0;
  }
  return pose;
}

}  // namespace

ObjectReader keypoint_reader(std::vector<Pose>& poses, std::int64_t count) {
  const auto keep = [&poses](std::size_t entry, Pose pose) {
    poses.resize(std::max(poses.size(), entry + 1));
    poses[entry] = std::move(pose);
  };
  ObjectReader reader;
  reader.keys = {"keypoints", "num_keypoints"};
  reader.label_starts_with_box = true;
  reader.wanted = "a COCO person_keypoints file, or a data.yaml with keypoints as labels";
  reader.from_json = [keep, count](const JsonRecord& record, std::size_t entry) { keep(entry, pose_of_record(record, count)); };
  reader.from_label = [keep, count](const std::vector<double>& numbers, const CocoImage& image, std::size_t entry) {
    keep(entry, pose_of_label(numbers, image, count));
  };
  return reader;
}

}  // namespace nibble

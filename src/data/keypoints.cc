// SPDX-License-Identifier: Apache-2.0
#include "data/keypoints.h"

#include "data/object_reader.h"

namespace nibble {
namespace {

/// What is behind the box of an annotation.
struct Pose {
  std::int64_t annotated = 0;
  std::vector<Keypoint> keypoints;
};

Pose read_pose(const JsonRecord& record, std::int64_t count) {
  Pose pose;
  const auto& numbers = record.numbers("keypoints", static_cast<std::size_t>(3 * count));
  for (std::size_t i = 0; i < numbers.size(); i += 3) {
    pose.keypoints.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
    pose.annotated += numbers[i + 2] > 0;
  }
  if (record.has("num_keypoints") && !record.is_null("num_keypoints")) pose.annotated = record.integer("num_keypoints");
  return pose;
}

}  // namespace

PoseDataset read_pose_dataset(const std::filesystem::path& json, std::int64_t count, std::int64_t max_images) {
  std::vector<Pose> poses;  // by CocoAnnotation::entry
  ObjectReader reader;
  reader.keys = {"keypoints", "num_keypoints"};
  reader.from_json = [&](const JsonRecord& record, std::size_t entry) {
    poses.resize(entry + 1);
    poses[entry] = read_pose(record, count);
  };
  auto objects = read_coco(json, OnBadData::stop, &reader);
  if (max_images > 0) objects = select_images(objects, {.max_images = max_images, .ids = {}, .names = {}});
  PoseDataset set{objects.source, std::move(objects.images), {}, std::move(objects.categories)};
  for (const auto& a : objects.annotations) {
    auto& pose = poses[a.entry];
    set.annotations.push_back(
        {a.id, a.image_id, a.category_id, a.box_xywh_px, a.area_px2, a.is_crowd, pose.annotated, std::move(pose.keypoints)});
  }
  return set;
}

}  // namespace nibble

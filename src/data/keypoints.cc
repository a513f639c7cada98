// SPDX-License-Identifier: Apache-2.0
#include "data/keypoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "data/json_records.h"
#include "nibble/error.h"

namespace nibble {
namespace {

bool tells(const JsonRecord& record, std::string_view key) { return record.has(key) && !record.is_null(key); }

PoseAnnotation read_pose(const JsonRecord& record, std::int64_t count) {
  PoseAnnotation pose;
  pose.id = tells(record, "id") ? record.integer("id") : 0;
  pose.image_id = record.integer("image_id");
  pose.category_id = record.integer("category_id");
  const auto& box = record.numbers("bbox", 4);
  if (box[2] < 0 || box[3] < 0) record.fail("bbox", fmt::format("negative size {} x {}", box[2], box[3]));
  std::copy(box.begin(), box.end(), pose.box_xywh_px.begin());
  pose.area_px2 = tells(record, "area") ? record.number("area") : box[2] * box[3];
  pose.is_crowd = tells(record, "iscrowd") && record.flag("iscrowd");
  const auto& numbers = record.numbers("keypoints", static_cast<std::size_t>(3 * count));
  for (std::size_t i = 0; i < numbers.size(); i += 3) {
    pose.keypoints.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
    pose.annotated += numbers[i + 2] > 0;
  }
  if (tells(record, "num_keypoints")) pose.annotated = record.integer("num_keypoints");
  return pose;
}

template <class Item>
std::unordered_set<std::int64_t> sorted_ids(std::vector<Item>& items, const std::filesystem::path& source, const char* section) {
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.id < b.id; });
  std::unordered_set<std::int64_t> ids;
  for (const auto& item : items)
    if (!ids.insert(item.id).second)
      throw Error(ErrorKind::input,
                  fmt::format("data set: {}: {}: id {} stands twice; ids must be unique", source.string(), section, item.id));
  return ids;
}

void require_known(const PoseDataset& set, const std::unordered_set<std::int64_t>& images,
                   const std::unordered_set<std::int64_t>& categories) {
  for (std::size_t i = 0; i < set.annotations.size(); ++i) {
    const auto& annotation = set.annotations[i];
    const auto refuse = [&](const char* key, std::int64_t id) {
      throw Error(ErrorKind::input,
                  fmt::format("data set: {}: annotations[{}].{}: there is none with id {}", set.source.string(), i, key, id));
    };
    if (!images.contains(annotation.image_id)) refuse("image_id", annotation.image_id);
    if (!categories.contains(annotation.category_id)) refuse("category_id", annotation.category_id);
  }
}

}  // namespace

PoseDataset read_pose_dataset(const std::filesystem::path& json, std::int64_t count, std::int64_t max_images) {
  PoseDataset set;
  set.source = json;
  const std::vector<std::string> keys{"id", "image_id", "category_id", "bbox", "area", "iscrowd", "keypoints", "num_keypoints"};
  read_records(json, {{"images",
                       {"id", "file_name"},
                       [&](const JsonRecord& r) {
                         set.images.push_back({r.integer("id"), r.text("file_name")});
                       }},
                      {"annotations", keys, [&](const JsonRecord& r) { set.annotations.push_back(read_pose(r, count)); }},
                      {"categories", {"id", "name"}, [&](const JsonRecord& r) {
                         set.categories.push_back({r.integer("id"), r.text("name")});
                       }}});
  const auto images = sorted_ids(set.images, json, "images"), categories = sorted_ids(set.categories, json, "categories");
  require_known(set, images, categories);
  if (std::any_of(set.annotations.begin(), set.annotations.end(), [](const auto& annotation) { return annotation.id == 0; }))
    for (std::size_t i = 0; i < set.annotations.size(); ++i) set.annotations[i].id = static_cast<std::int64_t>(i) + 1;
  if (max_images == 0 || max_images >= static_cast<std::int64_t>(set.images.size())) return set;
  set.images.resize(static_cast<std::size_t>(max_images));
  std::unordered_set<std::int64_t> kept;
  for (const auto& image : set.images) kept.insert(image.id);
  std::erase_if(set.annotations, [&](const auto& annotation) { return !kept.contains(annotation.image_id); });
  return set;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "data/coco.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "data/json_records.h"
#include "nibble/error.h"

namespace nibble {
namespace {

std::array<double, 4> read_box(const JsonRecord& record) {
  const auto& numbers = record.numbers("bbox", 4);
  if (numbers[2] < 0 || numbers[3] < 0) record.fail("bbox", fmt::format("negative size {} x {}", numbers[2], numbers[3]));
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}

std::int64_t read_extent(const JsonRecord& record, std::string_view key) {
  if (!record.has(key)) return 0;
  const auto extent = record.integer(key);
  if (extent <= 0) record.fail(key, fmt::format("expected a positive number of pixels, found {}", extent));
  return extent;
}

CocoImage read_image(const JsonRecord& record) {
  CocoImage image{record.integer("id"), record.text("file_name"), read_extent(record, "width"), read_extent(record, "height")};
  if (image.file_name.empty()) record.fail("file_name", "empty");
  return image;
}

CocoAnnotation read_annotation(const JsonRecord& record) {
  CocoAnnotation annotation;
  annotation.id = record.integer("id");
  annotation.image_id = record.integer("image_id");
  annotation.category_id = record.integer("category_id");
  annotation.box_xywh_px = read_box(record);
  annotation.area_px2 = record.number("area");
  if (annotation.area_px2 < 0) record.fail("area", fmt::format("negative area {}", annotation.area_px2));
  annotation.is_crowd = record.has("iscrowd") && record.flag("iscrowd");
  annotation.ignore = record.has("ignore") && record.flag("ignore");
  return annotation;
}

/// Ascending by id; an id that stands twice is an error.
template <class Item>
void sort_unique(std::vector<Item>& items, const std::string& source, std::string_view section) {
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.id < b.id; });
  const auto twice = std::adjacent_find(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.id == b.id; });
  if (twice != items.end())
    throw Error(ErrorKind::input, fmt::format("data set: {}: {}: id {} stands twice; ids must be unique", source, section, twice->id));
}

template <class Item>
std::unordered_set<std::int64_t> ids_of(const std::vector<Item>& items) {
  std::unordered_set<std::int64_t> ids;
  for (const auto& item : items) ids.insert(item.id);
  return ids;
}

void require_known(const CocoDataset& dataset) {
  const auto images = ids_of(dataset.images);
  const auto categories = ids_of(dataset.categories);
  for (std::size_t i = 0; i < dataset.annotations.size(); ++i) {
    const auto& annotation = dataset.annotations[i];
    const auto fail = [&](std::string_view key, std::int64_t id) {
      throw Error(ErrorKind::input,
                  fmt::format("data set: {}: annotations[{}].{}_id: there is no {} with id {}", dataset.source.string(), i, key, key, id));
    };
    if (!images.contains(annotation.image_id)) fail("image", annotation.image_id);
    if (!categories.contains(annotation.category_id)) fail("category", annotation.category_id);
  }
}

}  // namespace

CocoDataset read_coco(const std::filesystem::path& instances_json) {
  CocoDataset dataset;
  dataset.source = instances_json;
  read_records(instances_json,
               {{"images", {"id", "file_name", "width", "height"}, [&](const JsonRecord& r) { dataset.images.push_back(read_image(r)); }},
                {"annotations",
                 {"id", "image_id", "category_id", "bbox", "area", "iscrowd", "ignore"},
                 [&](const JsonRecord& r) { dataset.annotations.push_back(read_annotation(r)); }},
                {"categories", {"id", "name"}, [&](const JsonRecord& r) {
                   dataset.categories.push_back({r.integer("id"), r.text("name")});
                 }}});
  sort_unique(dataset.images, instances_json.string(), "images");
  sort_unique(dataset.categories, instances_json.string(), "categories");
  require_known(dataset);
  return dataset;
}

CocoDataset read_dataset(const std::filesystem::path& path, const std::string& split) {
  const auto extension = path.extension();
  if (extension == ".json") return read_coco(path);
  if (extension == ".yaml" || extension == ".yml") return read_yolo(path, split);
  throw Error(ErrorKind::input,
              fmt::format("data set: {}: unknown kind of file; expected COCO instances (.json) or an Ultralytics data file (.yaml)",
                          path.string()));
}

}  // namespace nibble

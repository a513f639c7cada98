// SPDX-License-Identifier: Apache-2.0
#include "data/coco_write.h"

#include <ostream>

#include "base/files.h"
#include "base/json.h"
#include "base/json_line.h"

namespace nibble {
namespace {

/// One record a line: a data set of thousands of images is no tree in memory.
template <class Items, class ToJson>
void write_list(std::ostream& out, const char* name, const Items& items, ToJson to_json) {
  out << '"' << name << "\": [";
  const char* separator = "\n";
  for (const auto& item : items) {
    out << separator << json_line(to_json(item));
    separator = ",\n";
  }
  out << "\n]";
}

Json image_json(const CocoImage& image) {
  Json json = {{"id", image.id}, {"file_name", image.file_name}};
  if (image.width_px > 0) json["width"] = image.width_px;
  if (image.height_px > 0) json["height"] = image.height_px;
  return json;
}

Json annotation_json(const CocoAnnotation& a) {
  return {{"id", a.id},         {"image_id", a.image_id},       {"category_id", a.category_id}, {"bbox", a.box_xywh_px},
          {"area", a.area_px2}, {"iscrowd", a.is_crowd ? 1 : 0}};
}

}  // namespace

void write_coco(const std::filesystem::path& path, const CocoDataset& dataset,
                const std::function<void(const CocoAnnotation&, Json&)>& more) {
  write_file(path, [&](std::ostream& out) {
    out << "{\n";
    write_list(out, "images", dataset.images, image_json);
    out << ",\n";
    write_list(out, "annotations", dataset.annotations, [&](const CocoAnnotation& annotation) {
      Json json = annotation_json(annotation);
      if (more) more(annotation, json);
      return json;
    });
    out << ",\n";
    write_list(out, "categories", dataset.categories, [](const CocoCategory& c) { return Json{{"id", c.id}, {"name", c.name}}; });
    out << "\n}\n";
  });
}

}  // namespace nibble

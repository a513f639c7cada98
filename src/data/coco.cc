// SPDX-License-Identifier: Apache-2.0
#include "data/coco.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/files.h"
#include "base/log.h"
#include "data/json_records.h"
#include "data/object_reader.h"
#include "data/text_list.h"
#include "nibble/error.h"

namespace nibble {
namespace {

/// An annotation and what it says of its image, which is resolved when all are known.
struct ReadAnnotation {
  CocoAnnotation annotation;
  std::string image_key;  ///< image_id where it is a text
  std::string place;      ///< "annotations[3]"
};

/// What a file leaves to the reader.
struct Assumptions {
  std::int64_t boxes_as_areas = 0;
  bool renumber = false;  ///< an annotation has no usable id
  bool zero_id = false;
};

std::array<double, 4> read_box(const JsonRecord& record) {
  const auto& numbers = record.numbers("bbox", 4);
  if (numbers[2] < 0 || numbers[3] < 0) record.fail("bbox", fmt::format("negative size {} x {}", numbers[2], numbers[3]));
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}

bool says(const JsonRecord& record, std::string_view key) { return record.has(key) && !record.is_null(key); }

std::int64_t read_extent(const JsonRecord& record, std::string_view key) {
  if (!says(record, key)) return 0;
  const auto extent = record.integer(key);
  if (extent <= 0) record.fail(key, fmt::format("expected a positive number of pixels, found {}", extent));
  return extent;
}

/// A number, also where it stands in quotes.
std::int64_t read_number(const JsonRecord& record, std::string_view key) {
  if (record.is_text(key))
    if (const auto number = whole_number(record.text(key))) return *number;
  return record.integer(key);
}

CocoImage read_image(const JsonRecord& record) {
  CocoImage image{0, record.text("file_name"), read_extent(record, "width"), read_extent(record, "height")};
  if (record.is_text("id"))
    image.key = record.text("id");
  else
    image.id = record.integer("id");
  if (image.file_name.empty()) record.fail("file_name", "empty");
  std::replace(image.file_name.begin(), image.file_name.end(), '\\', '/');
  return image;
}

double read_area(const JsonRecord& record, const CocoAnnotation& annotation, Assumptions& assumed) {
  if (!says(record, "area")) {
    ++assumed.boxes_as_areas;
    return annotation.box_xywh_px[2] * annotation.box_xywh_px[3];
  }
  const double area = record.number("area");
  if (area < 0) record.fail("area", fmt::format("negative area {}", area));
  return area;
}

/// `read` is filled as far as the record can be read.
void read_annotation(const JsonRecord& record, ReadAnnotation& read, Assumptions& assumed) {
  CocoAnnotation& annotation = read.annotation;
  read.place = record.place();
  if (record.is_text("image_id"))
    read.image_key = record.text("image_id");
  else
    annotation.image_id = record.integer("image_id");
  const bool has_id = says(record, "id") && !record.is_text("id");
  annotation.id = has_id ? record.integer("id") : 0;
  assumed.zero_id = assumed.zero_id || (has_id && annotation.id == 0);
  assumed.renumber = assumed.renumber || annotation.id == 0;
  annotation.category_id = read_number(record, "category_id");
  annotation.box_xywh_px = read_box(record);
  annotation.area_px2 = read_area(record, annotation, assumed);
  annotation.is_crowd = says(record, "iscrowd") && record.flag("iscrowd");
  annotation.ignore = says(record, "ignore") && record.flag("ignore");
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

/// Texts become the numbers they spell where all do and differ, else 1 to N in file order.
void number_images(CocoDataset& dataset) {
  auto& images = dataset.images;
  if (std::all_of(images.begin(), images.end(), [](const auto& image) { return image.key.empty(); })) return;
  std::unordered_set<std::int64_t> numbers;
  bool spelled = true;
  for (const auto& image : images) {
    const auto number = image.key.empty() ? std::optional(image.id) : whole_number(image.key);
    spelled = spelled && number && numbers.insert(*number).second;
  }
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (images[i].key.empty() && !spelled) images[i].key = std::to_string(images[i].id);
    if (!spelled)
      images[i].id = static_cast<std::int64_t>(i) + 1;
    else if (!images[i].key.empty())
      images[i].id = *whole_number(images[i].key);
  }
  log(LogLevel::info, fmt::format("data set: {}: image ids are texts; {}", dataset.source.string(),
                                  spelled ? "the numbers they spell are used" : "images are numbered from 1 in the file's order"));
}

class AnnotationCheck {
 public:
  explicit AnnotationCheck(CocoDataset& dataset)
      : dataset_(dataset), images_(ids_of(dataset.images)), categories_(ids_of(dataset.categories)) {
    for (const auto& image : dataset.images)
      if (!image.key.empty()) by_key_.emplace(image.key, image.id);
  }

  void add(ReadAnnotation read) {
    CocoAnnotation& annotation = read.annotation;
    if (!find_image(read)) return;
    if (!categories_.contains(annotation.category_id))
      return refuse(read, fmt::format("category_id: there is no category with id {}", annotation.category_id), annotation.image_id);
    dataset_.annotations.push_back(annotation);
  }
  /// An entry that could not be read; its image goes too, where it names one.
  void add_bad(const ReadAnnotation& read, const std::string& reason) {
    dataset_.bad.push_back({dataset_.source, reason});
    ReadAnnotation named = read;
    if (!read.place.empty() && resolve(named)) left_out_.insert(named.annotation.image_id);
  }
  void finish() {
    const auto is_out = [&](std::int64_t image) { return left_out_.contains(image); };
    std::erase_if(dataset_.images, [&](const auto& image) { return is_out(image.id); });
    std::erase_if(dataset_.annotations, [&](const auto& annotation) { return is_out(annotation.image_id); });
  }

 private:
  /// Sets the id of the image; false where there is none.
  bool resolve(ReadAnnotation& read) const {
    const auto named = by_key_.find(read.image_key.empty() ? std::to_string(read.annotation.image_id) : read.image_key);
    if (named != by_key_.end())
      read.annotation.image_id = named->second;
    else if (!read.image_key.empty()) {
      const auto number = whole_number(read.image_key);
      if (!number) return false;
      read.annotation.image_id = *number;
    }
    return images_.contains(read.annotation.image_id);
  }
  bool find_image(ReadAnnotation& read) {
    if (resolve(read)) return true;
    refuse(read,
           fmt::format("image_id: there is no image with id {}",
                       read.image_key.empty() ? std::to_string(read.annotation.image_id) : read.image_key),
           std::nullopt);
    return false;
  }
  void refuse(const ReadAnnotation& read, const std::string& why, std::optional<std::int64_t> image) {
    dataset_.bad.push_back({dataset_.source, fmt::format("data set: {}: {}.{}", dataset_.source.string(), read.place, why)});
    if (image) left_out_.insert(*image);
  }

  CocoDataset& dataset_;
  const std::unordered_set<std::int64_t> images_, categories_;
  std::unordered_map<std::string, std::int64_t> by_key_;
  std::unordered_set<std::int64_t> left_out_;
};

/// Of annotations that stand twice, id and all, one is kept.
void drop_repeated(CocoDataset& dataset) {
  std::unordered_map<std::int64_t, std::vector<std::size_t>> places;
  std::vector<bool> is_repeated(dataset.annotations.size(), false);
  const auto is_same = [](const CocoAnnotation& a, const CocoAnnotation& b) {
    return a.image_id == b.image_id && a.category_id == b.category_id && a.box_xywh_px == b.box_xywh_px && a.is_crowd == b.is_crowd;
  };
  std::int64_t repeated = 0, shared = 0;
  for (std::size_t i = 0; i < dataset.annotations.size(); ++i) {
    auto& same_id = places[dataset.annotations[i].id];
    is_repeated[i] = dataset.annotations[i].id != 0 && std::any_of(same_id.begin(), same_id.end(), [&](std::size_t other) {
                       return is_same(dataset.annotations[other], dataset.annotations[i]);
                     });
    if (!is_repeated[i] && !same_id.empty()) ++shared;
    if (is_repeated[i])
      ++repeated;
    else if (dataset.annotations[i].id != 0)
      same_id.push_back(i);
  }
  if (shared > 0)
    log(LogLevel::warning,
        fmt::format("data set: {}: {} annotations have the id of another one, as in files that were joined; pycocotools takes "
                    "them for one, and so do these numbers. Give each an id of its own",
                    dataset.source.string(), shared));
  if (repeated == 0) return;
  std::size_t place = 0;
  std::erase_if(dataset.annotations, [&](const CocoAnnotation&) { return is_repeated[place++]; });
  log(LogLevel::warning, fmt::format("data set: {}: {} annotations stand in it twice, with the same id and box; each is counted once",
                                     dataset.source.string(), repeated));
}

void note(const CocoDataset& dataset, const Assumptions& assumed) {
  const auto say = [&](const std::string& what) { log(LogLevel::info, fmt::format("data set: {}: {}", dataset.source.string(), what)); };
  if (assumed.boxes_as_areas > 0)
    say(fmt::format("{} annotations have no area; that of their box decides whether they are small, medium or large",
                    assumed.boxes_as_areas));
  if (assumed.renumber)
    say(assumed.zero_id ? "an annotation has the id 0, which pycocotools never counts as found; annotations are numbered anew from 1"
                        : "annotations without a number as id are numbered anew from 1");
}

/// An entry as it stands in the file, with the reason where it cannot be read.
struct Entry {
  ReadAnnotation read;
  std::string problem;
};

}  // namespace

CocoDataset read_coco(const std::filesystem::path& instances_json, OnBadData rule, const ObjectReader* more) {
  CocoDataset dataset;
  dataset.source = instances_json;
  std::vector<Entry> entries;
  Assumptions assumed;
  const auto take_annotation = [&](const JsonRecord& record) {
    entries.emplace_back();
    try {
      read_annotation(record, entries.back().read, assumed);
      entries.back().read.annotation.entry = entries.size() - 1;
      if (more) more->from_json(record, entries.size() - 1);
    } catch (const Error& error) {
      entries.back().problem = error.what();
    }
  };
  std::vector<std::string> keys{"id", "image_id", "category_id", "bbox", "area", "iscrowd", "ignore"};
  if (more) keys.insert(keys.end(), more->keys.begin(), more->keys.end());
  read_records(instances_json,
               {{"images", {"id", "file_name", "width", "height"}, [&](const JsonRecord& r) { dataset.images.push_back(read_image(r)); }},
                {"annotations", keys, take_annotation},
                {"categories", {"id", "name"}, [&](const JsonRecord& r) {
                   dataset.categories.push_back({read_number(r, "id"), r.text("name")});
                 }}});
  number_images(dataset);
  sort_unique(dataset.images, instances_json.string(), "images");
  sort_unique(dataset.categories, instances_json.string(), "categories");
  AnnotationCheck check(dataset);
  for (auto& entry : entries) entry.problem.empty() ? check.add(std::move(entry.read)) : check.add_bad(entry.read, entry.problem);
  check.finish();
  drop_repeated(dataset);
  settle_bad_data(dataset.bad, static_cast<std::int64_t>(dataset.images.size()), rule, instances_json.string());
  if (assumed.renumber)
    for (std::size_t i = 0; i < dataset.annotations.size(); ++i) dataset.annotations[i].id = static_cast<std::int64_t>(i) + 1;
  note(dataset, assumed);
  return dataset;
}

bool has_made_ids(const CocoDataset& dataset) {
  return is_yaml(dataset.source) && std::any_of(dataset.images.begin(), dataset.images.end(), [](const CocoImage& image) {
           return whole_number(std::filesystem::path(image.file_name).stem().string()) != image.id;
         });
}

std::map<std::int64_t, std::string> text_ids(const CocoDataset& dataset) {
  const bool by_file = has_made_ids(dataset);
  const auto name_of = [](const CocoImage& image) { return std::filesystem::path(image.file_name).filename().string(); };
  std::map<std::string, int> of_name;
  for (const auto& image : dataset.images) ++of_name[name_of(image)];
  std::map<std::int64_t, std::string> texts;
  for (const auto& image : dataset.images) {
    if (by_file)
      texts.emplace(image.id, of_name.at(name_of(image)) == 1 ? name_of(image) : image.file_name);
    else if (!image.key.empty())
      texts.emplace(image.id, image.key);
  }
  return texts;
}

CocoDataset read_dataset(const std::filesystem::path& path, const std::string& split, OnBadData rule, const ObjectReader* more) {
  const auto extension = path.extension();
  const bool is_json = extension == ".json", is_yaml = extension == ".yaml" || extension == ".yml";
  if (more && ((is_json && !more->from_json) || (is_yaml && !more->from_label)))
    throw Error(ErrorKind::input, fmt::format("data set: {}: does not say what is scored here; expected {}", path.string(), more->wanted));
  if (is_json) return read_coco(path, rule, more);
  if (is_yaml) return read_yolo(path, split, rule, more);
  throw Error(ErrorKind::input,
              fmt::format("data set: {}: unknown kind of file; expected COCO instances (.json) or an Ultralytics data file (.yaml)",
                          path.string()));
}

}  // namespace nibble

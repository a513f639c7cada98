// SPDX-License-Identifier: Apache-2.0
// Ultralytics detection data sets: docs.ultralytics.com/datasets/detect. A label file has one object per line,
// "class cx cy w h" or "class x1 y1 x2 y2 x3 y3 ..." (an outline, whose bounding box counts), in fractions of the image.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <set>
#include <span>
#include <sstream>

#include "base/files.h"
#include "base/json.h"
#include "base/json_line.h"
#include "base/log.h"
#include "base/yaml_place.h"
#include "data/coco.h"
#include "data/image.h"
#include "data/object_reader.h"
#include "data/text_list.h"
#include "data/yolo_layout.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const fs::path& file, const std::string& place, const std::string& why) {
  throw Error(ErrorKind::input, fmt::format("data set: {}: {}: {}", file.string(), place, why));
}

// ---- data.yaml

[[noreturn]] void fail_at_key(const fs::path& yaml, const std::string& key, const std::string& why) {
  fail(yaml_place(yaml, key), key, why);
}

CocoCategory category_of(std::int64_t id, const Json& name, const fs::path& yaml) {
  if (name.is_string()) return {id, name.get<std::string>()};
  if (name.is_primitive() && !name.is_null()) return {id, name.dump()};  // "names: [1, 2, yes]"
  fail_at_key(yaml, fmt::format("names.{}", id), "expected a name");
}

std::vector<CocoCategory> categories_of_map(const Json& names, const fs::path& yaml) {
  std::vector<CocoCategory> categories;
  for (const auto& [key, name] : names.items()) {
    const auto id = whole_number(key);
    if (!id) fail_at_key(yaml, "names." + key, "expected a class number from 0");
    categories.push_back(category_of(*id, name, yaml));
  }
  std::sort(categories.begin(), categories.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (std::size_t k = 0; k < categories.size(); ++k) {
    const auto id = categories[k].id;
    if (k > 0 && id == categories[k - 1].id) fail_at_key(yaml, "names", fmt::format("class number {} stands twice", id));
    if (id != static_cast<std::int64_t>(k))
      fail_at_key(yaml, "names", fmt::format("class numbers must run from 0 without gaps; {} stands where {} should", id, k));
  }
  return categories;
}

/// `nc`, where it is there.
std::optional<std::int64_t> class_count_of(const Json& data, const fs::path& yaml) {
  constexpr int kMost = 100'000;
  if (!data.contains("nc") || data["nc"].is_null()) return std::nullopt;
  const double count = data["nc"].is_number() ? data["nc"].get<double>() : 0;
  const bool is_count = count >= 1 && count <= kMost && count == std::trunc(count);  // false for NaN too
  if (!is_count)
    fail_at_key(yaml, "nc", fmt::format("expected how many classes there are (1 to {}), found {}", kMost, json_line(data["nc"])));
  return static_cast<std::int64_t>(count);
}

/// `nc` alone says how many classes there are, not what they are called.
std::vector<CocoCategory> numbered_categories(std::optional<std::int64_t> count, const fs::path& yaml) {
  if (!count) fail_at_key(yaml, "names", "the key is missing; expected the list of class names");
  std::vector<CocoCategory> categories;
  for (std::int64_t id = 0; id < *count; ++id) categories.push_back({id, fmt::format("class_{}", id)});
  return categories;
}

std::vector<CocoCategory> named_categories(const Json& names, const fs::path& yaml) {
  if (names.empty() || !(names.is_array() || names.is_object())) fail_at_key(yaml, "names", "expected a list of class names");
  if (names.is_object()) return categories_of_map(names, yaml);
  std::vector<CocoCategory> categories;
  for (const auto& name : names) categories.push_back(category_of(static_cast<std::int64_t>(categories.size()), name, yaml));
  return categories;
}

std::vector<CocoCategory> categories_of(const Json& data, const fs::path& yaml) {
  const auto count = class_count_of(data, yaml);
  if (!data.contains("names")) return numbered_categories(count, yaml);
  auto categories = named_categories(data["names"], yaml);
  if (count && *count != static_cast<std::int64_t>(categories.size()))
    fail_at_key(yaml, "nc", fmt::format("says {} classes, and names has {}; mend the one that is wrong", *count, categories.size()));
  return categories;
}

// ---- images

/// The stems as ids where all are numbers and differ, else 1..N.
std::vector<std::int64_t> ids_of(const std::vector<fs::path>& files) {
  std::vector<std::int64_t> ids;
  for (const auto& file : files)
    if (const auto id = whole_number(file.stem().string())) ids.push_back(*id);
  const bool usable = ids.size() == files.size() && std::set<std::int64_t>(ids.begin(), ids.end()).size() == ids.size();
  if (usable) return ids;
  ids.resize(files.size());
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int64_t>(i) + 1;
  return ids;
}

// ---- labels

struct Place {
  fs::path file;
  std::int64_t line = 0;
  [[noreturn]] void refuse(const std::string& why) const { fail(file, fmt::format("line {}", line), why); }
};

std::vector<double> numbers_of(const std::string& text, const Place& place) {
  std::vector<double> numbers;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    char* end = nullptr;
    const double value = std::strtod(word.c_str(), &end);
    if (*end != 0 || !std::isfinite(value)) place.refuse(fmt::format("expected a number, found \"{}\"", word));
    numbers.push_back(value);
  }
  return numbers;
}

constexpr std::size_t kBoxNumbers = 5;  // class, cx, cy, w, h

/// Corners in fractions: x1, y1, x2, y2.
std::array<double, 4> corners_of(std::span<const double> n) {
  if (n.size() == kBoxNumbers) return {n[1] - n[3] / 2, n[2] - n[4] / 2, n[1] + n[3] / 2, n[2] + n[4] / 2};
  std::array<double, 4> corners = {n[1], n[2], n[1], n[2]};
  for (std::size_t i = 3; i + 1 < n.size(); i += 2) {
    corners[0] = std::min(corners[0], n[i]);
    corners[1] = std::min(corners[1], n[i + 1]);
    corners[2] = std::max(corners[2], n[i]);
    corners[3] = std::max(corners[3], n[i + 1]);
  }
  return corners;
}

void check_label(std::span<const double> n, std::size_t classes, const Place& place) {
  constexpr double kSlack = 0.01;  // rounding in written labels, as Ultralytics allows
  const bool is_shape = n.size() == 5 || (n.size() >= 7 && n.size() % 2 == 1);
  if (!is_shape) place.refuse(fmt::format("expected class, cx, cy, w, h or class and an outline, found {} numbers", n.size()));
  if (n[0] != std::trunc(n[0]) || n[0] < 0 || n[0] >= static_cast<double>(classes))
    place.refuse(fmt::format("class {} is not one of the {} names", n[0], classes));
  for (std::size_t i = 1; i < n.size(); ++i)
    if (n[i] < -kSlack || n[i] > 1 + kSlack) place.refuse(fmt::format("{} is not a fraction of the image (0 to 1)", n[i]));
  if (n.size() == 5 && (n[3] < 0 || n[4] < 0)) place.refuse(fmt::format("negative size {} x {}", n[3], n[4]));
}

CocoAnnotation annotation_of(std::span<const double> numbers, const CocoImage& image) {
  const auto corners = corners_of(numbers);
  const auto width = static_cast<double>(image.width_px), height = static_cast<double>(image.height_px);
  CocoAnnotation annotation;
  annotation.image_id = image.id;
  annotation.category_id = static_cast<std::int64_t>(numbers[0]);
  annotation.box_xywh_px = {corners[0] * width, corners[1] * height, (corners[2] - corners[0]) * width, (corners[3] - corners[1]) * height};
  annotation.area_px2 = annotation.box_xywh_px[2] * annotation.box_xywh_px[3];
  return annotation;
}

void read_more(const ObjectReader& more, const std::vector<double>& numbers, const CocoImage& image, std::size_t entry,
               const Place& place) {
  try {
    more.from_label(numbers, image, entry);
  } catch (const Error& error) {
    place.refuse(error.what());
  }
}

/// An image without a label file is background. False then.
bool append_labels(CocoDataset& dataset, const CocoImage& image, const ObjectReader* more, std::size_t& entries) {
  const fs::path labels = label_file_of(image.file_name);
  if (!is_file(labels) && !is_folder(labels)) return false;  // a folder is an error of its own
  std::set<std::vector<double>> seen;
  std::vector<CocoAnnotation> annotations;  // all or none
  for (const auto& entry : read_text_list(labels)) {
    const Place place{labels, entry.line};
    const auto numbers = numbers_of(entry.text, place);
    const bool has_box = more && more->label_starts_with_box && numbers.size() > kBoxNumbers;
    const auto shape = std::span(numbers).first(has_box ? kBoxNumbers : numbers.size());
    check_label(shape, dataset.categories.size(), place);
    if (!seen.insert(numbers).second) continue;
    annotations.push_back(annotation_of(shape, image));
    annotations.back().entry = entries++;
    if (more) read_more(*more, numbers, image, annotations.back().entry, place);
    annotations.back().id = static_cast<std::int64_t>(dataset.annotations.size() + annotations.size());
  }
  dataset.annotations.insert(dataset.annotations.end(), annotations.begin(), annotations.end());
  return true;
}

/// What is wrong with the file of an image or of its labels takes the image out of the data set.
template <class Action>
bool is_good(CocoDataset& dataset, const fs::path& file, Action action) {
  try {
    action();
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    dataset.bad.push_back({file, error.what()});
    return false;
  }
}

void add_images(CocoDataset& dataset, const std::vector<fs::path>& files) {
  const auto ids = ids_of(files);
  for (std::size_t i = 0; i < files.size(); ++i)
    is_good(dataset, files[i], [&] {
      const auto size = read_told_image_size(files[i]);
      dataset.images.push_back({ids[i], files[i].string(), size.width, size.height});
    });
  std::sort(dataset.images.begin(), dataset.images.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
}

void add_labels(CocoDataset& dataset, const ObjectReader* more) {
  bool any = false;
  std::size_t entries = 0;
  std::erase_if(dataset.images, [&](const CocoImage& image) {
    return !is_good(dataset, image.file_name, [&] { any = append_labels(dataset, image, more, entries) || any; });
  });
  if (!any && !dataset.images.empty() && dataset.bad.empty())
    log(LogLevel::warning,
        fmt::format("data set: {}: none of {} images has labels; the first ones were looked for in {}", dataset.source.string(),
                    dataset.images.size(), label_file_of(dataset.images.front().file_name).string()));
}

}  // namespace

CocoDataset read_yolo(const fs::path& data_yaml, const std::string& split, OnBadData rule, const ObjectReader* more) {
  const Json data = read_yaml(data_yaml);
  if (!data.is_object()) fail(data_yaml, "top level", "expected keys like path, val and names");
  CocoDataset dataset{data_yaml, {}, {}, categories_of(data, data_yaml)};
  const auto files = images_of_split(data, data_yaml, split, dataset.bad);
  add_images(dataset, files);
  add_labels(dataset, more);
  settle_bad_data(dataset.bad, static_cast<std::int64_t>(dataset.images.size()), rule, data_yaml.string());
  return dataset;
}

std::vector<BadDatum> bad_labels(const fs::path& yaml, const std::vector<fs::path>& images) {
  CocoDataset dataset{yaml, {}, {}, categories_of(read_yaml(yaml), yaml)};
  for (const auto& file : images)
    is_good(dataset, file, [&] {
      const CocoImage of_any_size{1, file.string(), 1, 1};
      std::size_t entries = 0;
      append_labels(dataset, of_any_size, nullptr, entries);
    });
  return dataset.bad;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "scoring/eval_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/files.h"
#include "base/json.h"
#include "base/shared_data.h"
#include "data/object_reader.h"
#include "data/run_length_text.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDefaultAnnotations = "assets/coco/instances_val2017_32.json";
constexpr const char* kDefaultImages = "assets/coco/val2017";

CocoDataset select(const CocoDataset& dataset, const DataOptions& options) {
  if (options.max_images && !options.image_ids_list.empty())
    throw Error(ErrorKind::usage, "data: --max-images and --image-ids-list: one excludes the other; give one of them");
  if (options.max_images && *options.max_images < 1)
    throw Error(ErrorKind::usage, fmt::format("data: --max-images {}: must be at least 1", *options.max_images));
  ImageSelection selection;
  selection.max_images = options.max_images;
  if (!options.image_ids_list.empty()) selection.names = read_image_names(options.image_ids_list);
  auto selected = select_images(dataset, selection);
  if (selected.images.empty())
    throw Error(ErrorKind::input, fmt::format("data set: {}: no image is selected; nothing can be scored", dataset.source.string()));
  return selected;
}

}  // namespace

EvalSet open_annotations(const DataOptions& options, CocoDataset* all, const ObjectReader* more) {
  if (options.annotations.empty()) throw Error(ErrorKind::usage, "data: no annotations; give a COCO instances file with --annotations");
  EvalSet set;
  CocoDataset whole = read_dataset(options.annotations, "val", parse_on_bad_data(options.on_bad_data, OnBadData::stop), more);
  // A COCO file without annotations lists images whose truth a server keeps; a data.yaml without labels has its folders in the wrong place.
  if (is_yaml(options.annotations) && whole.annotations.empty())
    throw Error(
        ErrorKind::input,
        fmt::format("data set: {}: none of its {} images has a label, so nothing can be scored; labels are looked for in the folder "
                    "'labels' beside 'images'",
                    options.annotations.string(), whole.images.size()));
  place_images(whole, options.images);
  for (const auto& image : whole.images) set.all_images.push_back(image.id);
  set.dataset = select(whole, options);
  set.annotations_name = options.annotations.string();
  set.annotations_sha256 = sha256_of_file(options.annotations);
  set.images_dir = options.images;
  set.images_name = options.images.string();
  if (all) *all = std::move(whole);
  return set;
}

void require_readable(EvalSet& set, const std::string& on_bad_data, int threads) {
  if (!set.images_dir.empty()) require_image_folder(set.images_dir);
  const auto rule = parse_on_bad_data(on_bad_data, OnBadData::stop);
  if (rule == OnBadData::stop) require_images(set);
  leave_out_bad_images(set.dataset, set.images_dir, rule, threads);
}

EvalSet open_eval_set(const DataOptions& options, const ObjectReader* more) {
  if (!options.annotations.empty()) {
    if (options.images.empty() && !is_yaml(options.annotations))
      throw Error(ErrorKind::usage,
                  is_folder(options.annotations)
                      ? fmt::format("data: annotations: {}: is a folder; name a COCO instances_*.json or a YOLO data.yaml",
                                    options.annotations.string())
                      : "data: annotations without images; give their folder with --images");
    return open_annotations(options, nullptr, more);
  }
  if (!options.images.empty()) throw Error(ErrorKind::usage, "data: images without annotations; give them with --annotations");
  if (more) throw Error(ErrorKind::usage, fmt::format("data: no annotations: expected {}; give them with --annotations", more->wanted));
  DataOptions embedded = options;
  embedded.annotations = shared_data(kDefaultAnnotations);
  embedded.images = shared_data(kDefaultImages);
  auto set = open_annotations(embedded);
  set.annotations_name = kDefaultAnnotations;
  set.images_name = kDefaultImages;
  return set;
}

Findings findings_of(const EvalSet& set, const Findings& findings) {
  const auto& boxes = findings.boxes;
  for (std::size_t i = 0; i < boxes.size(); ++i)
    if (!std::binary_search(set.all_images.begin(), set.all_images.end(), boxes[i].image_id))
      throw Error(ErrorKind::input, fmt::format("detections: entry {}: image {} is not in {}; use the annotations they were made for", i,
                                                boxes[i].image_id, set.dataset.source.string()));
  std::unordered_set<std::int64_t> selected;
  for (const auto& image : set.dataset.images) selected.insert(image.id);
  return select_findings(findings, [&](const Detection& detection) { return selected.contains(detection.image_id); });
}

fs::path image_path(const EvalSet& set, const CocoImage& image) { return image_file(set.dataset, image, set.images_dir); }

std::vector<std::filesystem::path> image_paths(const EvalSet& set) {
  std::vector<std::filesystem::path> paths;
  for (const auto& image : set.dataset.images) paths.push_back(image_path(set, image));
  return paths;
}

void require_images(const EvalSet& set) {
  if (!set.images_dir.empty()) require_image_folder(set.images_dir);
  for (const auto& image : set.dataset.images)
    if (!seems_file(image_path(set, image)))
      throw Error(ErrorKind::input, fmt::format("images: {}: no such file, but {} names image {}; check --images",
                                                image_path(set, image).string(), set.annotations_name, image.id));
}

std::string labels_sha256(const EvalSet& set) {
  const TaskTruth& truth = set.truth;
  Json categories = Json::array(), objects = Json::array();
  for (const auto& category : set.dataset.categories) categories.push_back({category.id, category.name});
  for (const auto& annotation : set.dataset.annotations) {
    Json object = {annotation.image_id, annotation.category_id, annotation.box_xywh_px, annotation.area_px2, annotation.is_crowd};
    if (!truth.masks.empty()) {
      const auto& mask = truth.masks.at(annotation.entry);
      object.push_back({mask.height_px, mask.width_px, text_of_runs(mask)});
    }
    if (!truth.poses.empty()) {
      const auto& pose = truth.poses.at(annotation.entry);
      object.push_back(pose.annotated);
      for (const auto& point : pose.keypoints) object.push_back({point.x_px, point.y_px, point.visibility});
    }
    if (!truth.oriented.empty()) {
      const auto& box = truth.oriented.at(annotation.entry);
      object.push_back({box.x, box.y, box.width, box.height, box.angle});
    }
    objects.push_back(std::move(object));
  }
  return key_of({name_of(truth.task), categories, objects});
}

Json describe(const EvalSet& set) {
  Json ids = Json::array();
  for (const auto& image : set.dataset.images) ids.push_back(image.id);
  return {{"annotations", set.annotations_name}, {"annotations_sha256", set.annotations_sha256},
          {"images", set.images_name},           {"count", set.dataset.images.size()},
          {"ids_sha256", key_of(ids)},           {"labels_sha256", labels_sha256(set)}};
}

}  // namespace nibble

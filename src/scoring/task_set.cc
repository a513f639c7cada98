// SPDX-License-Identifier: Apache-2.0
#include "scoring/task_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "base/files.h"
#include "base/log.h"
#include "data/class_folders.h"
#include "data/coco_write.h"
#include "data/image.h"
#include "data/object_reader.h"
#include "data/run_length_text.h"
#include "nibble/error.h"
#include "scoring/detector_file.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTurned = "rbox";  ///< as in files of detections (eval/findings.h)

ObjectReader turned_reader(std::vector<OrientedBox>& boxes) {
  const auto keep = [&boxes](std::size_t entry, const OrientedBox& box) {
    boxes.resize(std::max(boxes.size(), entry + 1));
    boxes[entry] = box;
  };
  ObjectReader reader;
  reader.keys = {kTurned};
  reader.wanted = "a data.yaml with labels of corners, 'class x1 y1 x2 y2 x3 y3 x4 y4'";
  reader.from_json = [keep](const JsonRecord& record, std::size_t entry) {
    const auto& n = record.numbers(kTurned, 5);
    const auto at = [&](std::size_t i) { return static_cast<float>(n[i]); };
    keep(entry, {at(0), at(1), at(2), at(3), at(4)});
  };
  reader.from_label = [keep](const std::vector<double>& numbers, const CocoImage& image, std::size_t entry) {
    if (numbers.size() < 9)
      throw Error(ErrorKind::input, fmt::format("expected class, x1, y1, x2, y2, x3, y3, x4, y4, found {} numbers", numbers.size()));
    std::vector<std::array<double, 2>> corners;
    for (std::size_t i = 1; i + 1 < numbers.size(); i += 2)
      corners.push_back({numbers[i] * static_cast<double>(image.width_px), numbers[i + 1] * static_cast<double>(image.height_px)});
    keep(entry, smallest_rectangle(corners));
  };
  return reader;
}

ObjectReader reader_of(const TaskForm& form, ReadTruth& truth) {
  if (form.task == Task::segment) return outline_reader(truth.outlines);
  if (form.task == Task::pose) return keypoint_reader(truth.poses, form.keypoints);
  return turned_reader(truth.oriented);
}

/// Before any image is run: a fault in the last mask would cost all the time.
std::vector<RunLengths> masks_of(EvalSet& set, const std::vector<Outline>& outlines) {
  std::unordered_map<std::int64_t, ImageSize> sizes_px;
  for (auto& image : set.dataset.images) {
    const bool is_told = image.width_px > 0 && image.height_px > 0;
    const ImageSize size = is_told ? ImageSize(image.height_px, image.width_px) : read_image_size(image_path(set, image));
    image.height_px = size.height, image.width_px = size.width;
    sizes_px.emplace(image.id, size);
  }
  std::vector<RunLengths> masks(outlines.size());
  for (const auto& annotation : set.dataset.annotations) {
    const auto& size = sizes_px.at(annotation.image_id);
    try {
      masks[annotation.entry] = mask_of(outlines.at(annotation.entry), size.height, size.width);
    } catch (const Error& error) {
      throw Error(ErrorKind::input,
                  fmt::format("data set: {}: annotation {}: {}; mend its segmentation", set.annotations_name, annotation.id, error.what()));
    }
  }
  return masks;
}

/// Labels of YOLO have no areas of outlines: ultralytics.models.yolo.pose.val takes this share of the box.
void take_areas_of_boxes(CocoDataset& dataset) {
  constexpr double kShareOfBox = 0.53;
  if (!is_yaml(dataset.source)) return;
  for (auto& annotation : dataset.annotations) annotation.area_px2 *= kShareOfBox;
}

void take_truth(const TaskForm& form, ReadTruth read, EvalSet& set) {
  set.truth.task = form.task;
  if (form.task == Task::segment) set.truth.masks = masks_of(set, read.outlines);
  if (form.task == Task::pose) take_areas_of_boxes(set.dataset);
  set.truth.poses = std::move(read.poses);
  set.truth.oriented = std::move(read.oriented);
}

void require_annotations(const TaskForm& form, const DataOptions& options, const ObjectReader& reader) {
  if (!options.annotations.empty()) return;
  throw Error(ErrorKind::usage, fmt::format("data: no annotations: a model of the task '{}' is scored on {}; give it with --annotations",
                                            name_of(form.task), reader.wanted));
}

// ---- classes

CocoDataset dataset_of(const ClassFolders& folders, const TaskForm& form) {
  CocoDataset dataset;
  dataset.source = folders.source;
  for (const auto& [id, name] : form.class_names) dataset.categories.push_back({id, name});
  if (form.class_names.empty())
    for (const auto& name : folders.folders) dataset.categories.push_back({static_cast<std::int64_t>(dataset.categories.size()), name});
  for (const auto& image : folders.images) {
    const auto name = image.file.lexically_relative(folders.source).generic_string();
    dataset.images.push_back({image.id, name, 0, 0, name});
    CocoAnnotation annotation;
    annotation.id = annotation.image_id = image.id;
    annotation.category_id = image.label;
    dataset.annotations.push_back(annotation);
  }
  return dataset;
}

/// Of the folders and of what lies in them, by name.
std::string names_sha256(const CocoDataset& dataset) {
  Json labels = Json::array();
  for (std::size_t i = 0; i < dataset.images.size(); ++i)
    labels.push_back({dataset.images[i].file_name, dataset.annotations[i].category_id});
  return key_of(labels);
}

EvalSet open_class_folders(const TaskForm& form, const DataOptions& options) {
  if (options.images.empty())
    throw Error(ErrorKind::usage,
                "data: --images: a classifier is scored on a folder with a folder of images for each class; name it with --images");
  if (options.max_images && !options.image_ids_list.empty())
    throw Error(ErrorKind::usage, "data: --max-images and --image-ids-list: one excludes the other; give one of them");
  EvalSet set;
  const auto folders = read_class_folders(options.images, form.class_names, options.max_images);
  set.dataset = dataset_of(folders, form);
  set.annotations_sha256 = names_sha256(set.dataset);
  for (const auto& image : set.dataset.images) set.all_images.push_back(image.id);
  if (!options.image_ids_list.empty()) {
    ImageSelection selection;
    selection.names = read_image_names(options.image_ids_list);
    set.dataset = select_images(set.dataset, selection);
    set.annotations_sha256 = names_sha256(set.dataset);
  }
  set.images_dir = folders.source;
  set.images_name = folders.source.string();
  return set;
}

/// Nothing where the source has no folder for each class.
std::optional<ClassFolders> training_classes(const ImageSource& source, const ModelInfo& info) {
  if (!source.files.empty() || !fs::is_directory(source.data)) return std::nullopt;
  try {
    return read_class_folders(source.data, info.class_names, {}, {"train"});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    log(LogLevel::info, fmt::format("{}: {}: taken for images without labels: {}", source.what, source.data.string(), error.what()));
    return std::nullopt;
  }
}

TaskImages read_classes(const ImageSource& source, const ModelInfo& info) {
  if (has_labels(source))
    throw Error(ErrorKind::usage, fmt::format("{}: {}: does not say which image is of which class; a classifier takes a folder with a "
                                              "folder of images for each class, or images without labels",
                                              source.what, source.data.string()));
  const auto folders = training_classes(source, info);
  if (!folders) return {Task::classify, read_images(source, info), {}, false};
  TaskImages images{Task::classify, dataset_of(*folders, form_of(info)), {}, true};
  for (auto& image : images.dataset.images) image.file_name = (folders->source / image.file_name).string();
  leave_out_bad_images(images.dataset, {}, source.on_bad_data);
  return images;
}

EvalSet open_classes(const TaskForm& form, const DataOptions& options) {
  auto set = options.annotations.empty() ? open_class_folders(form, options) : open_annotations(options);
  set.truth.task = form.task;
  return set;
}

}  // namespace

TaskForm form_of(const ModelInfo& info) {
  return {info.task, info.class_names, info.keypoint_shape.empty() ? 0 : info.keypoint_shape.front()};
}

TaskForm form_of(const Session& session) {
  const auto& metadata = session.metadata();
  const auto found = metadata.find("task");
  const auto task = found == metadata.end() ? Task::detect : task_called(found->second).value_or(Task::detect);
  return {task, class_names_of(metadata), task == Task::pose ? keypoint_form_of(metadata).count : 0};
}

EvalSet open_task_set(const TaskForm& form, const DataOptions& options, int threads) {
  if (form.task == Task::detect || form.task == Task::classify) {
    auto set = form.task == Task::detect ? open_eval_set(options) : open_classes(form, options);
    require_readable(set, options.on_bad_data, threads);
    return set;
  }
  ReadTruth read;
  const auto reader = reader_of(form, read);
  require_annotations(form, options, reader);
  auto set = open_eval_set(options, &reader);
  require_readable(set, options.on_bad_data, threads);
  take_truth(form, std::move(read), set);
  return set;
}

EvalSet open_task_annotations(const TaskForm& form, const DataOptions& options, CocoDataset* all) {
  if (form.task == Task::detect || form.task == Task::classify) {
    auto set = open_annotations(options, all);
    set.truth.task = form.task;
    return set;
  }
  ReadTruth read;
  const auto reader = reader_of(form, read);
  require_annotations(form, options, reader);
  auto set = open_annotations(options, all, &reader);
  take_truth(form, std::move(read), set);
  return set;
}

TaskImages read_task_images(const ImageSource& source, const ModelInfo& info) {
  require_images_folder(source);
  if (info.task == Task::classify) return read_classes(source, info);
  TaskImages images{info.task, {}, {}, has_labels(source)};
  if (info.task == Task::detect) {
    images.dataset = read_images(source, info);
  } else {
    const auto reader = reader_of(form_of(info), images.truth);
    images.dataset = read_images(source, info, &reader);
  }
  return images;
}

EvalSet task_set_of(const TaskImages& images, const std::vector<std::int64_t>& ids, const ImageSource& source) {
  EvalSet set = eval_set_of(images.dataset, ids, source);
  set.truth.task = images.task;
  if (images.has_labels && images.task != Task::detect) take_truth({images.task, {}, 0}, images.truth, set);
  return set;
}

void write_truth(const fs::path& path, const EvalSet& set) {
  const auto& truth = set.truth;
  write_coco(path, set.dataset, [&](const CocoAnnotation& annotation, Json& json) {
    if (truth.task == Task::segment) {
      const auto& mask = truth.masks.at(annotation.entry);
      json["segmentation"] = {{"size", {mask.height_px, mask.width_px}}, {"counts", text_of_runs(mask)}};
    } else if (truth.task == Task::pose) {
      const auto& pose = truth.poses.at(annotation.entry);
      Json numbers = Json::array();
      for (const auto& point : pose.keypoints)
        for (const double number : {point.x_px, point.y_px, point.visibility}) numbers.push_back(number);
      json["keypoints"] = numbers;
      json["num_keypoints"] = pose.annotated;
    } else if (truth.task == Task::obb) {
      const auto& box = truth.oriented.at(annotation.entry);
      json[kTurned] = {box.x, box.y, box.width, box.height, box.angle};
    }
  });
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "yolo/model_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "yolo/head.h"
#include "yolo/python_integer.h"

namespace nibble {

namespace {

constexpr std::array kModelClasses{std::pair{"ultralytics.DetectionModel", Task::detect},
                                   std::pair{"ultralytics.YOLOv10DetectionModel", Task::detect},
                                   std::pair{"ultralytics.SegmentationModel", Task::segment},
                                   std::pair{"ultralytics.PoseModel", Task::pose},
                                   std::pair{"ultralytics.OBBModel", Task::obb},
                                   std::pair{"ultralytics.ClassificationModel", Task::classify},
                                   std::pair{"models.DetectionModel", Task::detect}};  // of YOLOv9's own repository

/// A side or {height, width}; empty where it is neither, or no size of an image.
std::optional<ImageSize> size_of(const PickleRef& value) {
  if (value == nullptr) return std::nullopt;
  const auto* list = value->get_if<PickleList>();
  const auto stored = list != nullptr ? list->items : std::vector{value};
  constexpr std::int64_t kLargestSide = 8192;
  std::vector<std::int64_t> sides;
  for (const auto& side : stored)
    if (const auto number = integer_value(side); number && *number >= 1 && *number <= kLargestSide) sides.push_back(*number);
  if (sides.size() != stored.size() || sides.empty() || sides.size() > 2) return std::nullopt;
  return ImageSize(sides.front(), sides.back());
}

ImageSize trained_size(const Checkpoint& checkpoint, const std::vector<std::int64_t>& strides) {
  auto size = size_of(attribute_of(attribute_of(checkpoint.root(), "train_args"), "imgsz"));
  if (!size) size = size_of(attribute_of(attribute_of(checkpoint.root(), "opt"), "imgsz"));  // YOLOv9's own repository
  if (!size) size = ImageSize(640);
  const auto largest = *std::max_element(strides.begin(), strides.end());
  const auto rounded_up = [&](std::int64_t side) { return (side + largest - 1) / largest * largest; };
  return {rounded_up(size->height), rounded_up(size->width)};
}

}  // namespace

void require_known_model(const ModelSource& source) {
  const auto key = source.model.class_key();
  const auto* found = std::find_if(kModelClasses.begin(), kModelClasses.end(), [&](const auto& known) { return key == known.first; });
  if (found == kModelClasses.end())
    source.model.fail(
        ErrorKind::unsupported,
        "nibble reads DetectionModel, YOLOv10DetectionModel, SegmentationModel, PoseModel, OBBModel and ClassificationModel of "
        "Ultralytics, and DetectionModel of YOLOv9's own repository; train one of these on your data");
  const auto& head = source.layers.back().module;
  if (const auto layout = read_head_layout(head); layout.task != found->second)
    head.fail(ErrorKind::input, fmt::format("a {} ends in a head for the task {}", source.model.short_class(), name_of(layout.task)));
}

ModelInfo make_model_info(const Checkpoint& checkpoint, const ModelSource& source, const BuildOptions& options) {
  const auto layout = read_head_layout(source.layers.back().module);
  ModelInfo info;
  if (!source.family.empty()) info.family = source.family;
  info.scale = source.scale;
  info.class_names = source.class_names;
  if (info.class_names.empty())
    for (std::int64_t id = 0; id < layout.classes; ++id) info.class_names[id] = std::to_string(id);
  info.task = layout.task;
  if (layout.task == Task::segment) info.mask_coefficients = layout.extras;
  info.keypoint_shape = layout.keypoint_shape;
  info.strides = layout.strides;
  info.image_size = options.image_size ? *options.image_size : trained_size(checkpoint, info.strides);
  info.batch = options.batch;
  info.head = options.head;
  info.source_file = checkpoint.path().filename().string();
  info.source_sha256 = checkpoint.sha256();
  return info;
}

}  // namespace nibble

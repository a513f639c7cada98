// SPDX-License-Identifier: Apache-2.0
#include "yolo/model_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/image_size_text.h"
#include "base/log.h"
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

constexpr ImageSize kUsualSize{640};

/// A whole number, also one that went through arithmetic (640.0).
std::optional<std::int64_t> side_of(const PickleRef& value) {
  const auto* real = value == nullptr ? nullptr : value->get_if<double>();
  if (real != nullptr && *real == std::floor(*real) && std::abs(*real) < 1e9) return static_cast<std::int64_t>(*real);
  return integer_value(value);
}

/// A side or {height, width}, as numbers or as a text of them; empty where it is neither, or no size of an image.
std::optional<ImageSize> size_of(const PickleRef& value) {
  constexpr std::int64_t kLargestSide = 8192;
  std::vector<std::int64_t> sides;
  if (const auto text = text_value(value)) {
    if (const auto size = parse_image_size(*text)) sides = {size->height, size->width};
  } else {
    const auto* list = value->get_if<PickleList>();
    for (const auto& side : list != nullptr ? list->items : std::vector{value}) sides.push_back(side_of(side).value_or(0));
  }
  const bool is_size = std::all_of(sides.begin(), sides.end(), [](std::int64_t side) { return side >= 1 && side <= kLargestSide; });
  if (!is_size || sides.empty() || sides.size() > 2) return std::nullopt;
  return ImageSize(sides.front(), sides.back());
}

void warn_of_usual_size(const Checkpoint& checkpoint, const std::string& where, const std::string& why) {
  log_once(LogLevel::warning, fmt::format("checkpoint: {}: {}: {}; {} is taken, unless --imgsz says otherwise", checkpoint.path().string(),
                                          where, why, text_of(kUsualSize)));
}

/// What the arguments of a training, kept in the checkpoint under `key`, say. Warns where they hold something that is no size.
std::optional<ImageSize> noted_size(const Checkpoint& checkpoint, const std::string& key) {
  const auto arguments = attribute_of(checkpoint.root(), key);
  if (arguments == nullptr || arguments->is_none()) return std::nullopt;
  const bool has_names = arguments->get_if<PickleDict>() != nullptr || arguments->get_if<PickleObject>() != nullptr;
  if (!has_names) {
    warn_of_usual_size(checkpoint, key, fmt::format("is {}, expected the arguments of the training by name", describe(arguments)));
    return std::nullopt;
  }
  const auto stored = attribute_of(arguments, "imgsz");
  if (stored == nullptr || stored->is_none()) return std::nullopt;
  const auto size = size_of(stored);
  const auto shown = stored->get_if<PickleList>() != nullptr ? python_text(stored) : describe(stored);
  if (!size) warn_of_usual_size(checkpoint, key, fmt::format("'imgsz' is {}, which is no size of an image", shown));
  return size;
}

ImageSize trained_size(const Checkpoint& checkpoint, const std::vector<std::int64_t>& strides) {
  auto size = noted_size(checkpoint, "train_args");
  if (!size) size = noted_size(checkpoint, "opt");  // YOLOv9's own repository
  if (!size) size = kUsualSize;
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

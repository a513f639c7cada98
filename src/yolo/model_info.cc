// SPDX-License-Identifier: Apache-2.0
#include "yolo/model_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "yolo/head.h"

namespace nibble {

namespace {

constexpr std::array kModelClasses{std::pair{"DetectionModel", Task::detect},
                                   std::pair{"YOLOv10DetectionModel", Task::detect},
                                   std::pair{"SegmentationModel", Task::segment},
                                   std::pair{"PoseModel", Task::pose},
                                   std::pair{"OBBModel", Task::obb},
                                   std::pair{"ClassificationModel", Task::classify}};

}  // namespace

void require_known_model(const ModelSource& source) {
  const auto key = source.model.class_key();
  const auto* found = std::find_if(kModelClasses.begin(), kModelClasses.end(),
                                   [&](const auto& known) { return key == std::string("ultralytics.") + known.first; });
  if (found == kModelClasses.end())
    source.model.fail(ErrorKind::unsupported,
                      "nibble reads DetectionModel, YOLOv10DetectionModel, SegmentationModel, PoseModel, OBBModel and ClassificationModel");
  const auto& head = source.layers.back().module;
  if (const auto layout = read_head_layout(head); layout.task != found->second)
    head.fail(ErrorKind::input, fmt::format("a {} ends in a head for the task {}", found->first, name_of(layout.task)));
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
  info.image_size = options.image_size;
  info.batch = options.batch;
  info.head = options.head;
  info.source_file = checkpoint.path().filename().string();
  info.source_sha256 = checkpoint.sha256();
  return info;
}

}  // namespace nibble

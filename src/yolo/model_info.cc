// SPDX-License-Identifier: Apache-2.0
#include "yolo/model_info.h"

#include "yolo/head.h"

namespace nibble {

void require_detection_model(const ModelSource& source) {
  const auto key = source.model.class_key();
  if (key != "ultralytics.DetectionModel" && key != "ultralytics.YOLOv10DetectionModel")
    source.model.fail(ErrorKind::unsupported, "nibble reads detection models (DetectionModel, YOLOv10DetectionModel)");
  read_head_layout(source.layers.back().module);
}

ModelInfo make_model_info(const Checkpoint& checkpoint, const ModelSource& source, const BuildOptions& options) {
  const auto layout = read_head_layout(source.layers.back().module);
  ModelInfo info;
  if (!source.family.empty()) info.family = source.family;
  info.scale = source.scale;
  info.class_names = source.class_names;
  if (info.class_names.empty())
    for (std::int64_t id = 0; id < layout.classes; ++id) info.class_names[id] = std::to_string(id);
  info.strides = layout.strides;
  info.image_size = options.image_size;
  info.batch = options.batch;
  info.head = options.head;
  info.source_file = checkpoint.path().filename().string();
  info.source_sha256 = checkpoint.sha256();
  return info;
}

}  // namespace nibble

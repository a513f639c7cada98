// SPDX-License-Identifier: Apache-2.0
#include "yolo/card.h"

#include "yolo/head.h"

namespace nibble {

void require_detection_model(const ModelSource& source) {
  const auto key = source.model.class_key();
  if (key != "ultralytics.DetectionModel" && key != "ultralytics.YOLOv10DetectionModel")
    source.model.fail(ErrorKind::unsupported, "nibble reads detection models (DetectionModel, YOLOv10DetectionModel)");
  read_head_layout(source.layers.back().module);
}

ModelCard make_card(const Checkpoint& checkpoint, const ModelSource& source, const BuildOptions& options) {
  const auto layout = read_head_layout(source.layers.back().module);
  ModelCard card;
  card.scale = source.scale;
  card.class_names = source.class_names;
  if (card.class_names.empty())
    for (std::int64_t id = 0; id < layout.classes; ++id) card.class_names[id] = std::to_string(id);
  card.strides = layout.strides;
  card.image_size = options.image_size;
  card.batch = options.batch;
  card.head = options.head;
  card.source_file = checkpoint.path().filename().string();
  card.source_sha256 = checkpoint.sha256();
  return card;
}

}  // namespace nibble

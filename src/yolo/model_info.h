// SPDX-License-Identifier: Apache-2.0
// Reads what a checkpoint says about the model in it.
#pragma once
#include "yolo/detector.h"
#include "yolo/model_source.h"

namespace nibble {

/// Error(unsupported) naming the class unless it is a model of Ultralytics for detection, segmentation, pose, oriented boxes or
/// classification, or of the YOLOv10 authors' fork (YOLOv10DetectionModel), that ends in a head of that task.
void require_known_model(const ModelSource& source);

/// The facts about the model that files and reports name. Classes without names are named by their numbers, as Ultralytics does.
ModelInfo make_model_info(const Checkpoint& checkpoint, const ModelSource& source, const BuildOptions& options);

}  // namespace nibble

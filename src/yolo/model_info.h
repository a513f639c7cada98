// SPDX-License-Identifier: Apache-2.0
// Reads what a checkpoint says about the detector in it.
#pragma once
#include "yolo/detector.h"
#include "yolo/model_source.h"

namespace nibble {

/// Error(unsupported) naming the class unless it is a detection model of Ultralytics (DetectionModel) or of the authors'
/// fork (YOLOv10DetectionModel) that ends in a Detect or v10Detect.
void require_detection_model(const ModelSource& source);

/// The facts about the detector that files and reports name. Classes without names are named by their numbers, as Ultralytics does.
ModelInfo make_model_info(const Checkpoint& checkpoint, const ModelSource& source, const BuildOptions& options);

}  // namespace nibble

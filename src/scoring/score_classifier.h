// SPDX-License-Identifier: Apache-2.0
// Top-1 and top-5 of one ONNX classifier on a folder with a folder for each class.
#pragma once
#include <filesystem>
#include <string>

#include "scoring/task_score.h"

namespace nibble {

/// The task that the metadata of the file say; empty where they say none, and of what is no ONNX file, which others refuse better.
std::string task_of_file(const std::filesystem::path& model);

/// Images are cut as Ultralytics cuts them (data/centre_crop.h). Uses of `options`: model, data.images, data.max_images, file.image_size,
/// optimize, skip_latency, runtime. Error(usage) where options are given that only detectors have a use for, Error(unsupported) where the
/// file is no classifier, others as read_class_folders.
TaskScore score_classifier(const EvalOptions& options, Progress& progress);

}  // namespace nibble

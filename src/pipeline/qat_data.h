// SPDX-License-Identifier: Apache-2.0
// The images a network is trained on, and those held out to judge it by.
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/json.h"
#include "data/training_set.h"
#include "nibble/run.h"
#include "pipeline/eval_set.h"
#include "yolo/detector.h"

namespace nibble {

struct QatImages {
  TrainingSet training;
  EvalSet held_out;  ///< images without annotations where the data has no labels
  bool has_labels = false;
};

/// A data.yaml or a COCO file, by its extension.
bool has_labels(const std::filesystem::path& data);

/// `held_out` of the images, chosen by the seed, are not trained on. Error(input) where none would be left, or where the labels'
/// classes are not as many as the network's.
QatImages open_qat_images(const QatOptions& options, const ModelCard& card);

/// {source, training, held_out, labels, sha256}: the hash covers names, sizes and boxes.
Json describe(const QatImages& images);

}  // namespace nibble

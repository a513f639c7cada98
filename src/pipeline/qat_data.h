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

struct QatSource {
  std::filesystem::path data;                ///< a folder, a list of paths, a data.yaml or a COCO file
  std::filesystem::path images;              ///< folder the COCO file's names are relative to
  std::vector<std::filesystem::path> files;  ///< not empty: these, without labels; `data` only names them
};

struct QatImages {
  TrainingSet training;
  EvalSet held_out;  ///< images without annotations where the data has no labels
  bool has_labels = false;
};

/// A data.yaml or a COCO file, by its extension.
bool has_labels(const std::filesystem::path& data);
/// Error(usage) for a COCO file without the folder its names are relative to.
void require_images_folder(const std::filesystem::path& data, const std::filesystem::path& images);

/// `held_out` of the images (0: a quarter, at most 100), chosen by the seed, are not trained on. Error(usage) for a COCO file without the
/// folder of its images, Error(input) where no image would be left, or where the labels' classes are not as many as the network's.
QatImages open_qat_images(const QatSource& source, std::int64_t held_out, std::uint64_t seed, const ModelCard& card);

/// {source, training, held_out, labels, sha256}: the hash covers names, sizes and boxes.
Json describe(const QatImages& images);

}  // namespace nibble

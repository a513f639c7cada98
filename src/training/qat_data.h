// SPDX-License-Identifier: Apache-2.0
// The images that a network is trained on, and those that are held out to score it.
#pragma once
#include <cstdint>

#include "base/json.h"
#include "data/training_set.h"
#include "scoring/eval_set.h"
#include "scoring/image_source.h"
#include "yolo/detector.h"

namespace nibble {

struct QatImages {
  TrainingSet training;
  EvalSet held_out;  ///< without annotations where the data has no labels
  bool has_labels = false;
};

/// Reads the images of `source` and divides them: `held_out` of them (0 for a quarter, at most 100), drawn by the seed, are not trained on.
/// Errors as read_images, and Error(input) where no image would be left for one of both.
QatImages open_qat_images(const ImageSource& source, std::int64_t held_out, std::uint64_t seed, const ModelInfo& info);

/// {source, training, held_out, labels, sha256}: the hash covers names, sizes in bytes and pixels, boxes, and all that is
/// known of the held-out images (labels_sha256).
Json describe(const QatImages& images);

}  // namespace nibble

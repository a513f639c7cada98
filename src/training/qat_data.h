// SPDX-License-Identifier: Apache-2.0
// The images a network is trained on, and those held out to judge it by.
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
  EvalSet held_out;  ///< images without annotations where the data has no labels
  bool has_labels = false;
};

/// `held_out` of the images (0: a quarter, at most 100), chosen by the seed, are not trained on. Errors as read_images, and
/// Error(input) where no image would be left.
QatImages open_qat_images(const ImageSource& source, std::int64_t held_out, std::uint64_t seed, const ModelInfo& info);

/// {source, training, held_out, labels, sha256}: the hash covers names, sizes in bytes and pixels, and boxes.
Json describe(const QatImages& images);

}  // namespace nibble

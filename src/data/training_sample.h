// SPDX-License-Identifier: Apache-2.0
// Makes a training sample from its plan: decodes, joins or letterboxes, moves, colours and flips the images, and their boxes with them.
#pragma once
#include <cstdint>
#include <vector>

#include "data/augment.h"
#include "data/training_set.h"

namespace nibble {

struct TrainingSample {
  std::vector<std::uint8_t> planes;  ///< 3 * H * W: R, G, B
  std::vector<LabelledBox> boxes;    ///< in pixels of the output, inside 0 .. W and 0 .. H
};

/// Steps, after Ultralytics 8.4: images are resized to the largest size that fits into `size`. Four are laid around the joint of a canvas
/// of twice the size, cut at its border. The image or canvas is scaled about its middle, which goes to `centre`. A single
/// image that is neither scaled nor moved is letterboxed exactly as the evaluation does (data/image.h).
/// Boxes are clipped to their image, the canvas and the output; one that was scaled or moved must be worth learning
/// (data/box_moves.h). Error(input) naming the file: image missing, damaged, or of another size than the data set says.
TrainingSample make_sample(const TrainingSet& set, const SamplePlan& plan, const ImageSize& size);

/// As classifiers see images: the middle of the plan's first one, cut out as the evaluation does it (data/centre_crop.h), then flipped and
/// coloured as the plan says; it is neither joined, scaled nor moved, and has no boxes. Errors as make_sample.
TrainingSample make_crop(const TrainingSet& set, const SamplePlan& plan, const ImageSize& size);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Turns what a user says about a training into the options of the loop and of the loader.
#pragma once
#include <cstdint>

#include "data/training_loader.h"
#include "nibble/options.h"
#include "quant/recipe.h"
#include "train/qat.h"

namespace nibble {

LoaderOptions loader_options(const QatCourse& course, const ImageSize& image_size, std::uint64_t seed);

/// Learning rates and weights of losses are those that the recipe has for distillation, multiplied by the course's factors. Snapshot,
/// resumption and threads are left to the caller.
QatSettings qat_settings(const Recipe& recipe, const QatCourse& course, std::int64_t steps_per_epoch);

}  // namespace nibble

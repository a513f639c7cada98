// SPDX-License-Identifier: Apache-2.0
// From what a user says about a training to what the loop and the loader want.
#pragma once
#include <cstdint>

#include "data/training_loader.h"
#include "nibble/options.h"
#include "quant/recipe.h"
#include "train/qat.h"

namespace nibble {

LoaderOptions loader_options(const QatCourse& course, std::int64_t size_px, std::uint64_t seed);

/// Rates and weights are the recipe's for distillation, times the course's. Snapshot, resumption and threads are left to the caller.
QatSettings qat_settings(const Recipe& recipe, const QatCourse& course, std::int64_t steps_per_epoch);

}  // namespace nibble

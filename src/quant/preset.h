// SPDX-License-Identifier: Apache-2.0
// Presets: how much work calibration may take, for whatever a recipe leaves open.
#pragma once
#include <string>

#include "quant/recipe.h"

namespace nibble {

/// Fills in the numbers of images and views that the recipe does not set itself. `preset` is "fast" (40 images for statistics, 4 for the
/// damages of mixed bits), "default" (200 and 16) or "best" (400 in two views each, and 16). Error(usage) listing the names for any other.
void apply_preset(Recipe& recipe, const std::string& preset);
/// Whether the recipe is trained after its calibration, on the same images: with "best", where weights have fewer than 8 bits.
bool trains(const std::string& preset, const Recipe& recipe);

}  // namespace nibble

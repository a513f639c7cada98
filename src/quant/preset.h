// SPDX-License-Identifier: Apache-2.0
// How much work a recipe may take, apart from what it asks for.
#pragma once
#include <string>

#include "quant/recipe.h"

namespace nibble {

/// fast, default: statistics and damages of mixed precision from few or more images. best: twice as many, two views of each, and weights
/// below 8 bits are trained afterwards, on the same images. What a recipe sets itself stays. Error(usage) listing the names.
void apply_preset(Recipe& recipe, const std::string& preset);
/// Whether the preset asks for training of this recipe.
bool trains(const std::string& preset, const Recipe& recipe);

}  // namespace nibble

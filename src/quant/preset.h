// SPDX-License-Identifier: Apache-2.0
// How much work a recipe may take, apart from what it asks for.
#pragma once
#include <string>

#include "quant/recipe.h"

namespace nibble {

/// fast, default: rounding, with statistics and damages of mixed precision taken from few or more images. best: for weights below 8 bits
/// also distillation (docs/quantization.md). What a recipe sets itself stays. Error(usage) listing the names.
void apply_preset(Recipe& recipe, const std::string& preset);

}  // namespace nibble

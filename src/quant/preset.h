// SPDX-License-Identifier: Apache-2.0
// How much work a recipe may take, apart from what it asks for.
#pragma once
#include <string>

#include "quant/recipe.h"

namespace nibble {

/// fast: rounding alone. default, best: for weights below 8 bits, distillation after it (docs/quantization.md); a recipe that
/// sets distillation.steps keeps its own. Error(usage) listing the names.
void apply_preset(Recipe& recipe, const std::string& preset);

}  // namespace nibble

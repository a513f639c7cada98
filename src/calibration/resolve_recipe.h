// SPDX-License-Identifier: Apache-2.0
// The recipe that a command works by: the named one, with the preset and what the user asked for on top of it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "nibble/options.h"
#include "quant/recipe.h"

namespace nibble {

/// The shipped recipe `name` or the file of that path, with the work that `preset` stands for (quant/preset.h) and the options' budget
/// (calibration/budget.h). `images`, where given, takes the place of the recipe's number of calibration images. Errors as load_recipe,
/// apply_preset and apply_budget.
Recipe resolved_recipe(const std::string& name, const std::string& preset, const std::optional<std::int64_t>& images,
                       const BudgetOptions& budget);

}  // namespace nibble

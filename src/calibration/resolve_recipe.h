// SPDX-License-Identifier: Apache-2.0
// The recipe that a command works by: the named one, with the preset and what the user asked for on top of it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "nibble/options.h"
#include "quant/recipe.h"

namespace nibble {

/// What a user asked for, beside a recipe's name.
struct RecipeChoice {
  std::string preset = "default";      ///< quant/preset.h
  std::optional<std::int64_t> images;  ///< in place of the recipe's number of calibration images
  BudgetOptions budget;                ///< calibration/budget.h
  std::string target;                  ///< quant/target.h; empty: the recipe's own
};

/// The shipped recipe `name` or the file of that path with what was chosen on top of it. Errors as load_recipe, apply_preset, apply_budget
/// and apply_target.
Recipe resolved_recipe(const std::string& name, const RecipeChoice& choice);
/// What the options of a command say: QuantizeOptions, QatOptions, RunOptions.
template <typename Options>
RecipeChoice choice_of(const Options& options) {
  return {options.preset, options.calibration_images, options.budget, options.target};
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "calibration/resolve_recipe.h"

#include "calibration/budget.h"
#include "quant/preset.h"
#include "quant/target.h"

namespace nibble {

Recipe resolved_recipe(const std::string& name, const RecipeChoice& choice) {
  Recipe recipe = load_recipe(name);
  apply_preset(recipe, choice.preset);
  apply_budget(recipe, choice.budget);
  if (choice.images) recipe.calibration.images = *choice.images;
  apply_target(recipe, choice.target.empty() ? recipe.target : choice.target);
  return recipe;
}

}  // namespace nibble

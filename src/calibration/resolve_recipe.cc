// SPDX-License-Identifier: Apache-2.0
#include "calibration/resolve_recipe.h"

#include "calibration/budget.h"
#include "quant/preset.h"

namespace nibble {

Recipe resolved_recipe(const std::string& name, const std::string& preset, const std::optional<std::int64_t>& images,
                       const BudgetOptions& budget) {
  Recipe recipe = load_recipe(name);
  apply_preset(recipe, preset);
  apply_budget(recipe, budget);
  if (images) recipe.calibration.images = *images;
  return recipe;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The recipes that come with nibble.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nibble/visibility.h"

namespace nibble {

/// What a recipe cost where it was measured (recipes/measured.json).
struct MeasuredCost {
  std::int64_t bytes = 0;            ///< Of the INT4 file, along a trellis of the unpack file.
  std::optional<double> map_drop;    ///< Points of mAP 50-95 below float.
  std::optional<double> time_ratio;  ///< Of the fastest file's time to the float file's in ONNX Runtime on a CPU.
};

struct RecipeSummary {
  std::string name;            ///< As --recipe takes it.
  std::filesystem::path file;  ///< The YAML file.
  std::string weights;         ///< "4 bits per channel", "4 and 8 bits per channel", "4 bits per 16 channels", "4 bits per layer".
  std::string activations;     ///< "float" or "8 bits".
  std::string description;     ///< The comment that the file begins with.
  double max_map_drop = 0;     ///< What its gate allows, 0..1.
  std::optional<MeasuredCost> measured;
};
struct RecipeList {
  std::vector<RecipeSummary> recipes;  ///< By name.
  std::string measured_on;             ///< What the costs were measured on; empty: there are none.
};
/// Throws Error(environment) where the folder of recipes is missing, Error(input) for a file that is no recipe.
NIBBLE_EXPORT RecipeList shipped_recipes();

/// The JSON schema (json-schema.org, draft 2020-12) of recipes, in two-space indentation: every key with its meaning, range and default,
/// for editors and checks of one's own.
NIBBLE_EXPORT std::string recipe_schema();

}  // namespace nibble

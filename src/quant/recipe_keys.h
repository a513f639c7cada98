// SPDX-License-Identifier: Apache-2.0
// The keys of a recipe: the one table that files are read by and that the JSON schema is made from.
#pragma once
#include "quant/recipe.h"
#include "quant/recipe_fields.h"

namespace nibble {

/// Names of the enums in recipe.h, in the order of their values.
inline const NameList kGranularityNames = {"tensor", "channel", "block"};
inline const NameList kScaleSearchNames = {"max", "mse", "output_mse"};
inline const NameList kWeightCodeNames = {"uniform", "trellis"};
inline const NameList kRoundingNames = {"nearest", "gptq"};
inline const NameList kRangeNames = {"minmax", "percentile", "mse"};

/// Each key with the reader into `recipe`, which must live as long as the table.
FieldTable recipe_keys(Recipe& recipe);

/// The JSON schema (draft 2020-12) of a recipe, with every key's meaning, range and default. What it cannot say is left to parse_recipe:
/// that at most one budget of `mixed` is set, and how keys fit together.
Json recipe_schema_json();

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Parts of a report as JSON, for run.json and --json outputs.
#pragma once
#include "base/json.h"
#include "base/placed_json.h"
#include "nibble/report.h"

namespace nibble {

Json to_json(const LevelAgreement& row);
Json to_json(const QuantizerSteps& steps);
Json to_json(const Parity& parity);
Json to_json(const RuntimeFacts& facts);
/// What to_json wrote. Error(input) naming what is missing or of another type.
RuntimeFacts runtime_facts_from_json(const PlacedJson& json);
Json to_json(const ArtifactReport& artifact);
Json to_json(const TwinReport& twin);
Json to_json(const RecipeReport& recipe);
/// Likewise.
RecipeReport recipe_report_from_json(const PlacedJson& json);

/// A score's main number, the one beside it, their images, and interval and change of the main one: as run.json has them.
Json numbers_json(const Score& score);

}  // namespace nibble

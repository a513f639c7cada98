// SPDX-License-Identifier: Apache-2.0
// Parts of a report as JSON, for run.json and --json outputs.
#pragma once
#include "base/json.h"
#include "nibble/report.h"

namespace nibble {

Json to_json(const LevelAgreement& row);
Json to_json(const QuantizerSteps& steps);
Json to_json(const Parity& parity);
Json to_json(const RuntimeFacts& facts);
/// What to_json wrote. Json::exception where something is missing.
RuntimeFacts runtime_facts_from_json(const Json& json);
Json to_json(const ArtifactReport& artifact);
Json to_json(const TwinReport& twin);
Json to_json(const RecipeReport& recipe);
/// Error(input) naming the missing key.
RecipeReport recipe_report_from_json(const Json& json);

/// A score's main number, the one beside it, their images, and interval and change of the main one: as run.json has them.
Json numbers_json(const Score& score);

}  // namespace nibble

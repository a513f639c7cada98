// SPDX-License-Identifier: Apache-2.0
// Says what became of each layer of a variant, by comparing what the recipe asked for with what was done.
#pragma once
#include <vector>

#include "base/json.h"
#include "base/placed_json.h"
#include "nibble/quantize.h"
#include "nibble/report.h"
#include "quant/calibrate.h"

namespace nibble {

/// Compares what the recipe asks of each convolution of the float graph `baseline` with the rows of the result. A convolution without a
/// row, with more bits left than asked for, or rounded by another method is a skipped layer, with the reason.
RecipeReport report_of(const Graph& baseline, const Recipe& recipe, const CalibrationResult& result);

/// The layers file, {recipe: RecipeReport, layers: [LayerStat], front, budget} (docs/formats.md); the last two only where bits are mixed.
Json layers_document(const RecipeReport& report, const Recipe& recipe, const CalibrationResult& result);

/// The layers of such a document. Error(input) naming what is missing.
std::vector<LayerReport> layer_reports_from_json(const PlacedJson& document);

}  // namespace nibble

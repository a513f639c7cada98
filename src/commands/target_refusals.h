// SPDX-License-Identifier: Apache-2.0
// What a consumer refuses of an ONNX file, by the table that `quantize --target` writes files by (quant/target.h). Nothing is run.
#pragma once
#include <vector>

#include "export/quantizer_census.h"
#include "nibble/target.h"
#include "quant/target.h"

namespace nibble {

/// One row for each rule that the file breaks: its dialect, float activations, scales per block, zero points, the lowest code, Clip.
/// Empty for a float file.
std::vector<RefusedNodes> refusals_of(const QuantizerCensus& census, const Target& target);

}  // namespace nibble

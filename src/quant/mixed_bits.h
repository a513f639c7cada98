// SPDX-License-Identifier: Apache-2.0
// Mixed precision: the layers whose few bits hurt the detections most get more of them, under a budget of bits.
#pragma once
#include "quant/bit_budget.h"
#include "quant/layerwise.h"

namespace nibble {

struct MixedBits {
  QuantizedLayers layers;            ///< each as the budget allows; LayerStat says its damage and why
  std::vector<BitFrontPoint> front;  ///< predicted damage over average bits
};
/// Measures the damage of each layer's two forms (sensitivity.h), then bit_budget.h. Error(input) when the budget is below what
/// the low bits need.
MixedBits choose_mixed_bits(const Graph& baseline, const QuantizedLayers& low, const QuantizedLayers& high, const CalibrationImages& images,
                            const CalibrateOptions& options, Progress& progress);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Mixed precision: the layers whose few bits hurt the detections most get more of them, under a budget of bits.
#pragma once
#include "quant/bit_budget.h"
#include "quant/layerwise.h"

namespace nibble {

struct MixedBits {
  std::vector<LayerPlan> plans;      ///< each layer with the bits it gets
  std::vector<LayerStat> damages;    ///< of the quantised layers: node, low_damage, high_damage, and in the note why it was raised
  std::vector<BitFrontPoint> front;  ///< predicted damage over average bits
};
/// Measures the damage of each layer's two forms (sensitivity.h), each on inputs as the float network has them and with its rows on their
/// own; then bit_budget.h. Error(input) when the budget is below what the low bits need.
MixedBits choose_mixed_bits(const at::Device& device, const Graph& baseline, const CalibrationImages& images,
                            const CalibrateOptions& options, const FisherByNode& fisher, Progress& progress);

}  // namespace nibble

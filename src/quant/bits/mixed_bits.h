// SPDX-License-Identifier: Apache-2.0
// Mixed precision: the layers whose few bits hurt the detections most get more of them, under a budget (recipe.h, MixedRecipe).
#pragma once
#include "quant/bits/bit_budget.h"
#include "quant/layerwise.h"

namespace nibble {

struct MixedBits {
  std::vector<LayerPlan> plans;      ///< each layer with the bits it gets
  QuantizedLayers layers;            ///< the network quantised so
  std::vector<LayerStat> damages;    ///< of the quantised layers: node, low_damage, high_damage, and in the note why it was raised
  std::vector<BitFrontPoint> front;  ///< predicted damage over average bits
  ChosenBits chosen;
};
/// Measures (on `device`) the damage of each layer's two forms (sensitivity.h), each on inputs as the float network has them and with its
/// rows on their own; then chooses:
///   average_bits  bit_budget.h
///   max_bytes     likewise, by the size of the file that the forms rounded alone would make: it hardly depends on codes. Where the real
///                 file is larger it is made again with as much less
///   max_drop      few bits everywhere, then bit_search.h. Damages are measured only where the first do not do
/// Error(input) when the budget cannot be kept, with what could be.
MixedBits quantize_mixed(const at::Device& device, const Graph& baseline, const CalibrationImages& images, const CalibrateOptions& options,
                         const FisherByNode& fisher, Progress& progress);

}  // namespace nibble

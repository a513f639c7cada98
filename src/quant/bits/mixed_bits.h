// SPDX-License-Identifier: Apache-2.0
// Mixed bits: under a budget, those layers get more bits whose few bits hurt the detections most (recipe.h, MixedRecipe).
#pragma once
#include "quant/bits/bit_budget.h"
#include "quant/layerwise.h"

namespace nibble {

struct MixedBits {
  std::vector<LayerPlan> plans;  ///< one for each convolution, with the bits that it gets
  QuantizedLayers layers;        ///< the layers quantised by these plans
  std::vector<LayerStat>
      damages;  ///< one for each quantised layer; only node, low_damage, high_damage and the note (why it was raised) are set
  std::vector<BitFrontPoint> front;  ///< BitFront::points; empty where nothing was measured
  ChosenBits chosen;
};
/// Rounds each layer twice, to its low and to its high bits, on the float network's inputs and without coupling its rows; measures on
/// `device` how much damage either does alone (sensitivity.h); then chooses by the budget that the recipe sets:
///   average_bits  as bit_budget.h says.
///   max_bytes     likewise, where a choice fits if the file made of these separately rounded layers does: its size hardly depends on the
///   codes.
///                 Where the final file turns out larger than allowed, the choice is made again with a limit lower by the excess.
///   max_drop      first low bits everywhere are scored; only where these lose too much, damages are measured and bit_search.h chooses.
/// The layers are then quantised together. Error(input) where the budget cannot be kept; its text says what could be.
MixedBits quantize_mixed(const at::Device& device, const Graph& baseline, const CalibrationImages& images, const CalibrateOptions& options,
                         const FisherByNode& fisher, Progress& progress);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Decides which convolution gets which bits by applying the recipe's rules to a graph, with a reason for every layer that stays float.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "quant/recipe.h"

namespace nibble {

/// How one convolution is to be quantised.
struct LayerPlan {
  std::size_t node = 0;                 ///< index into Graph::nodes, an op::Conv
  std::optional<QuantSpec> weight;      ///< empty where the layer stays float
  std::optional<QuantSpec> activation;  ///< of the layer's input; empty where that stays float
  bool symmetric = false;               ///< whether the zero points of the weights are 0
  std::string note;                     ///< why it is float, or which rule changed it
};

/// One entry per convolution, in graph order. Error(input) naming a rule that matches no convolution, and where none would be
/// quantised.
std::vector<LayerPlan> place_quantizers(const Graph& graph, const Recipe& recipe);

}  // namespace nibble

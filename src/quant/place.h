// SPDX-License-Identifier: Apache-2.0
// Which convolution gets which bits: the recipe's rules applied to a graph, with a reason for every layer that stays float.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "quant/recipe.h"

namespace nibble {

struct LayerPlan {
  std::size_t node = 0;                 ///< index into Graph::nodes, an op::Conv
  std::optional<QuantSpec> weight;      ///< empty: float
  std::optional<QuantSpec> activation;  ///< of the input; empty: float
  bool symmetric = false;               ///< weights have zero point 0
  std::string note;                     ///< why it is float, or which rule changed it
};

/// One entry per convolution, in graph order. Error(input) naming a rule that matches no convolution.
std::vector<LayerPlan> place_quantizers(const Graph& graph, const Recipe& recipe);

}  // namespace nibble

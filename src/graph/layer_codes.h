// SPDX-License-Identifier: Apache-2.0
// What quantisation puts into a graph for each convolution, and how it gets there and back.
#pragma once
#include <cstddef>
#include <map>
#include <optional>

#include "graph/graph.h"

namespace nibble {

struct LayerCodes {
  Tensor codes;                           ///< i8, in the weight's shape
  QuantParams weight;                     ///< scales and zero points of the codes
  Tensor bias;                            ///< f32 [O]
  std::optional<QuantParams> activation;  ///< quantiser of the input; empty where the input stays float
};

/// The key is the index of the convolution in the float graph's nodes.
using CodesByNode = std::map<std::size_t, LayerCodes>;

/// The graph with codes, biases and activation quantisers in place. Values of `baseline` keep their ids.
Graph with_codes(const Graph& baseline, const CodesByNode& layers);

/// The way back: with_codes(baseline, codes_of(baseline, quantized)) is `quantized`, where with_codes made that.
CodesByNode codes_of(const Graph& baseline, const Graph& quantized);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// What stands around each Conv of a QCDQ file, as text that can be compared and as numbers that can be written again.
#pragma once
#include <onnx/onnx_pb.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace nibble::testing {

struct ConvSite {
  std::string name;             ///< module path: the bias initialiser's name without ".bias", else the node's
  std::string layout;           ///< operators, attributes, dtypes and shapes from the initialisers to the Conv; no names, no large values
  std::optional<Tensor> codes;  ///< empty: float weights
  std::optional<QuantParams> params;
  std::optional<float> input_scale;  ///< empty: float input
  std::optional<Tensor> bias;
};

/// In the order of the file.
std::vector<ConvSite> conv_sites(const onnx::ModelProto& model);

/// The graph with the integers, scales and biases of the sites in its convolutions of the same names, and their quantised inputs.
Graph with_sites(Graph graph, const std::vector<ConvSite>& sites);

}  // namespace nibble::testing

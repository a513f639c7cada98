// SPDX-License-Identifier: Apache-2.0
// Small graphs drawn at random, of all operators, in shapes and numbers that networks seldom have: maps of one pixel, odd extents, groups,
// channels that are dead or constant, scales down to denormal numbers, images of zeros, of halves of steps, of huge and of tiny numbers.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <vector>

#include "graph/graph.h"
#include "graph/rewrites.h"

namespace nibble::parity {

struct RandomGraph {
  Graph graph;                                ///< verified; its outputs are the values that no node reads
  Tensor images;                              ///< what its only input is run with
  std::map<std::string, OutputRange> ranges;  ///< by convolution: what to_integer() may ask for
};

/// The same seed gives the same graph and the same numbers.
RandomGraph random_graph(std::uint32_t seed);

/// evaluate() of exec, and plain formulas for the operators that it leaves to the exported file (TopK, GatherRows, Mod, whole numbers'
/// Div).
std::vector<at::Tensor> reference(const Node& node, const std::vector<at::Tensor>& inputs);

/// How far two correct kernels may lie apart in each element of the node's outputs: 0 for operators that only move, compare or compute with
/// one rounding, quantisers among them; for sums the bound of Higham, "Accuracy and Stability of Numerical Algorithms" (2002), section 3.1:
/// n u times the sum of the terms' magnitudes, for each of the two.
at::Tensor tolerance(const Node& node, const std::vector<at::Tensor>& inputs, const at::Tensor& output);

}  // namespace nibble::parity

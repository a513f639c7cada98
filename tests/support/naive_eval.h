// SPDX-License-Identifier: Apache-2.0
// A Graph run by plain loops in double precision: the slow, obvious meaning of every operator, for tests of rewrites
// and builders. Results of f32 and f16 nodes are rounded to their dtype.
#pragma once
#include <vector>

#include "graph/graph.h"

namespace nibble::test {

/// One tensor per graph output (f32; i64 where the value is). Inputs in the graph's order.
std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs);

/// Repeatable values in [-1, 1).
Tensor random_tensor(Shape shape, unsigned seed);

/// Largest |a - b| over all elements. Throws on different shapes.
double largest_difference(const Tensor& a, const Tensor& b);

}  // namespace nibble::test

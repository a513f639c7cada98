// SPDX-License-Identifier: Apache-2.0
// Small changes of a graph of which rewrites are made. They change the graph in place; rewrites work on a copy.
#pragma once
#include "graph/graph.h"

namespace nibble {

/// For each value, by its id: how many inputs of nodes read it; being an output of the graph counts as one more.
std::vector<int> count_uses(const Graph& graph);

/// For each value, by its id: the index of the node that produces it, or -1 for inputs and constants.
std::vector<std::int32_t> producers_by_value(const Graph& graph);

/// Makes `constant` the input number `input` of a node. A value that only this node reads is replaced and keeps its name; where the value
/// is shared, or the node has no such input yet, a new value called `name` is made. `uses` is count_uses(graph) and is kept up to date.
void set_constant_input(Graph& graph, Node& node, std::size_t input, const std::string& name, Tensor constant, std::vector<int>& uses);

/// Makes `node` produce the value that `removed` has produced. The value gets the name of `node`'s former output, unless it is an output of
/// the graph: callers know those by name.
void take_over_output(Graph& graph, Node& node, Node& removed);

/// Removes nodes that have no outputs left, then whatever no output of the graph depends on.
Graph without_emptied_nodes(Graph graph);

}  // namespace nibble

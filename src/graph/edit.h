// SPDX-License-Identifier: Apache-2.0
// The small steps that rewrites are made of. They change a graph in place; rewrites work on a copy.
#pragma once
#include "graph/graph.h"

namespace nibble {

/// By value id: how many node inputs read it; being a graph output counts as one more.
std::vector<int> count_uses(const Graph& graph);

/// By value id: the index of the node that produces it, or -1.
std::vector<std::int32_t> producers_by_value(const Graph& graph);

/// Input `input` of a node becomes this constant. A value only this node reads is replaced and keeps its name; else
/// (shared, or the input does not exist yet) a new value `name` is made. `uses` is count_uses() and is kept current.
void set_constant_input(Graph& graph, Node& node, std::size_t input, const std::string& name, Tensor constant, std::vector<int>& uses);

/// `node` produces what `removed` produced. The value gets the name of `node`'s own output, unless it is a graph output,
/// whose name belongs to the file's contract.
void take_over_output(Graph& graph, Node& node, Node& removed);

/// Removes the nodes that have no outputs left, then whatever is dead.
Graph without_emptied_nodes(Graph graph);

}  // namespace nibble

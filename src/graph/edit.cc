// SPDX-License-Identifier: Apache-2.0
#include "graph/edit.h"

#include <algorithm>

namespace nibble {

std::vector<int> count_uses(const Graph& graph) {
  std::vector<int> uses(graph.values.size(), 0);
  for (const auto& node : graph.nodes)
    for (const auto id : node.inputs) ++uses[static_cast<std::size_t>(id)];
  for (const auto id : graph.outputs) ++uses[static_cast<std::size_t>(id)];
  return uses;
}

std::vector<std::int32_t> producers_by_value(const Graph& graph) {
  std::vector<std::int32_t> producers(graph.values.size(), -1);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const auto id : graph.nodes[i].outputs) producers[static_cast<std::size_t>(id)] = static_cast<std::int32_t>(i);
  return producers;
}

void set_constant_input(Graph& graph, Node& node, std::size_t input, const std::string& name, Tensor constant, std::vector<int>& uses) {
  if (input < node.inputs.size()) {
    const auto old = static_cast<std::size_t>(node.inputs[input]);
    if (uses[old] == 1 && graph.values[old].constant) {
      graph.values[old].dtype = constant.dtype();
      graph.values[old].shape = constant.shape();
      graph.values[old].constant = std::move(constant);
      return;
    }
    --uses[old];
    node.inputs[input] = graph.add_constant(name, std::move(constant));
  } else {
    node.inputs.push_back(graph.add_constant(name, std::move(constant)));
  }
  uses.push_back(1);
}

void take_over_output(Graph& graph, Node& node, Node& removed) {
  const auto own = node.outputs.at(0);
  const auto taken = removed.outputs.at(0);
  if (std::find(graph.outputs.begin(), graph.outputs.end(), taken) == graph.outputs.end())
    std::swap(graph.value(own).name, graph.value(taken).name);
  node.outputs = {taken};
  removed.outputs.clear();
}

Graph without_emptied_nodes(Graph graph) {
  std::erase_if(graph.nodes, [](const Node& node) { return node.outputs.empty(); });
  return without_dead_nodes(graph);
}

}  // namespace nibble

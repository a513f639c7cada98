// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "graph/graph.h"

namespace nibble {

namespace {

using Marks = std::vector<bool>;  // by value id

bool any_marked(const Marks& marks, const std::vector<ValueId>& ids) {
  return std::any_of(ids.begin(), ids.end(), [&](ValueId id) { return marks[static_cast<std::size_t>(id)]; });
}

void mark(Marks& marks, const std::vector<ValueId>& ids) {
  for (const auto id : ids) marks[static_cast<std::size_t>(id)] = true;
}

std::vector<ValueId> renumbered(const std::vector<ValueId>& ids, const std::vector<ValueId>& new_ids) {
  std::vector<ValueId> result;
  for (const auto id : ids) result.push_back(new_ids[static_cast<std::size_t>(id)]);
  return result;
}

}  // namespace

Graph without_dead_nodes(const Graph& graph) {
  Marks needed(graph.values.size(), false);
  mark(needed, graph.inputs);  // the signature of the graph does not change
  mark(needed, graph.outputs);
  Graph result;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (!any_marked(needed, node->outputs)) continue;
    mark(needed, node->inputs);
    mark(needed, node->outputs);  // an unread second output keeps its place
    result.nodes.push_back(*node);
  }
  std::reverse(result.nodes.begin(), result.nodes.end());

  std::vector<ValueId> new_ids(graph.values.size(), -1);
  for (std::size_t i = 0; i < graph.values.size(); ++i) {
    if (!needed[i]) continue;
    new_ids[i] = static_cast<ValueId>(result.values.size());
    result.values.push_back(graph.values[i]);
  }
  for (auto& node : result.nodes) {
    node.inputs = renumbered(node.inputs, new_ids);
    node.outputs = renumbered(node.outputs, new_ids);
  }
  result.inputs = renumbered(graph.inputs, new_ids);
  result.outputs = renumbered(graph.outputs, new_ids);
  return result;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "graph/graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "nibble/error.h"

namespace nibble {

namespace {

ValueId append(Graph& graph, Value value) {
  graph.values.push_back(std::move(value));
  return static_cast<ValueId>(graph.values.size() - 1);
}

bool contains(const std::vector<ValueId>& ids, ValueId id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

}  // namespace

ValueId Graph::add_input(std::string name, Shape shape, DType dtype) {
  const auto id = append(*this, Value{std::move(name), dtype, std::move(shape), {}, {}});
  inputs.push_back(id);
  return id;
}

ValueId Graph::add_constant(std::string name, Tensor constant) {
  const auto dtype = constant.dtype();
  auto shape = constant.shape();
  return append(*this, Value{std::move(name), dtype, std::move(shape), std::move(constant), {}});
}

std::vector<ValueId> Graph::add_node(std::string name, Op op, std::vector<ValueId> node_inputs, std::string float_reason) {
  Node node{std::move(name), std::move(op), std::move(node_inputs), {}, std::move(float_reason)};
  for (auto& [dtype, shape] : infer_shapes(*this, node)) {
    const auto suffix = node.outputs.empty() ? std::string() : fmt::format("_{}", node.outputs.size());
    node.outputs.push_back(append(*this, Value{node.name + "_output" + suffix, dtype, std::move(shape), {}, {}}));
  }
  nodes.push_back(std::move(node));
  return nodes.back().outputs;
}

ValueId Graph::add(std::string name, Op op, std::vector<ValueId> node_inputs, std::string float_reason) {
  const auto outputs_of_node = add_node(std::move(name), std::move(op), std::move(node_inputs), std::move(float_reason));
  if (outputs_of_node.size() != 1)
    throw Error(ErrorKind::internal,
                fmt::format("graph: node '{}' has {} outputs where one is expected", nodes.back().name, outputs_of_node.size()));
  return outputs_of_node.front();
}

const Node* producer_of(const Graph& graph, ValueId id) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(), [id](const Node& node) { return contains(node.outputs, id); });
  return found == graph.nodes.end() ? nullptr : &*found;
}

std::vector<std::size_t> consumers_of(const Graph& graph, ValueId id) {
  std::vector<std::size_t> consumers;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    if (contains(graph.nodes[i].inputs, id)) consumers.push_back(i);
  return consumers;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "graph/layer_codes.h"

namespace nibble {
namespace {

std::optional<QuantParams> quantizer_of(const Graph& graph, ValueId id) {
  const Node* producer = producer_of(graph, id);
  const auto* quantizer = producer ? std::get_if<op::QuantizeDequantize>(&producer->op) : nullptr;
  return quantizer ? std::optional(quantizer->params) : std::nullopt;
}

}  // namespace

Graph with_codes(const Graph& baseline, const CodesByNode& layers) {
  Graph graph;
  graph.values = baseline.values;
  graph.inputs = baseline.inputs;
  graph.outputs = baseline.outputs;
  for (std::size_t i = 0; i < baseline.nodes.size(); ++i) {
    Node node = baseline.nodes[i];
    if (const auto found = layers.find(i); found != layers.end()) {
      const LayerCodes& layer = found->second;
      Value& weight = graph.value(node.inputs[1]);
      weight.constant = layer.codes;
      weight.quant = layer.weight;
      if (node.inputs.size() > 2)
        graph.value(node.inputs[2]).constant = layer.bias;
      else
        node.inputs.push_back(graph.add_constant(node.name + ".bias", layer.bias));
      if (layer.activation)
        node.inputs[0] = graph.add(node.name + ".input_quant", op::QuantizeDequantize{*layer.activation}, {node.inputs[0]});
    }
    graph.nodes.push_back(std::move(node));
  }
  verify(graph);
  return graph;
}

CodesByNode codes_of(const Graph& baseline, const Graph& quantized) {
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < baseline.nodes.size(); ++i) index[baseline.nodes[i].name] = i;
  CodesByNode layers;
  for (const Node& node : quantized.nodes) {
    if (!std::holds_alternative<op::Conv>(node.op) || !quantized.value(node.inputs[1]).quant) continue;
    const Value& weight = quantized.value(node.inputs[1]);
    layers[index.at(node.name)] = {*weight.constant, *weight.quant, *quantized.value(node.inputs[2]).constant,
                                   quantizer_of(quantized, node.inputs[0])};
  }
  return layers;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "exec/net.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <set>

#include "exec/convert.h"
#include "exec/fake_quant.h"
#include "exec/kernels.h"
#include "exec/straight_through.h"
#include "nibble/error.h"

namespace nibble {
namespace {

/// Nodes `wanted` depend on, and for each value the last of them that reads it (the number of nodes for wanted ones).
struct Schedule {
  std::vector<std::size_t> nodes;
  std::map<ValueId, std::size_t> last_use;
};

Schedule schedule_of(const Graph& graph, const std::vector<ValueId>& wanted) {
  std::vector<bool> needed(graph.values.size(), false);
  Schedule schedule;
  for (const ValueId id : wanted) {
    needed[static_cast<std::size_t>(id)] = true;
    schedule.last_use[id] = graph.nodes.size();
  }
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    if (std::none_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) { return needed[static_cast<std::size_t>(id)]; })) continue;
    schedule.nodes.push_back(i);
    for (const ValueId id : node.inputs) {
      needed[static_cast<std::size_t>(id)] = true;
      schedule.last_use.emplace(id, i);
    }
  }
  std::reverse(schedule.nodes.begin(), schedule.nodes.end());
  return schedule;
}

/// Logarithms are taken on the CPU, so that a start is the same on every device.
LearnedLayer layer_at(const Graph& graph, std::size_t index, const at::Tensor& bias, const at::Device& device) {
  const Node& node = graph.nodes[index];
  const Value& weight = graph.value(node.inputs[1]);
  LearnedLayer layer;
  layer.node = index;
  layer.latent = to_torch(*weight.constant).to(device, at::kFloat);
  layer.log_scale = to_torch(weight.quant->scale).log().to(device);
  layer.zero_point = to_torch(weight.quant->zero_point).to(device, at::kFloat);
  layer.bias = bias.clone();
  for (std::size_t i = 0; i < index; ++i)
    if (const auto* op = std::get_if<op::QuantizeDequantize>(&graph.nodes[i].op); op && graph.nodes[i].outputs[0] == node.inputs[0]) {
      layer.activation_node = i;
      layer.log_activation_scale = to_torch(op->params.scale).log().to(device);
    }
  return layer;
}

/// Of the logarithms above, on the CPU again.
Tensor scale_of(const at::Tensor& log_scale) { return from_torch(log_scale.detach().to(at::kCPU).exp()); }

}  // namespace

Net::Net(const Graph& graph, const at::Device& device) : graph_(graph) {
  for (std::size_t i = 0; i < graph_.values.size(); ++i)
    if (graph_.values[i].constant) constants_[static_cast<ValueId>(i)] = constant_of(graph_.values[i]).to(device);
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    if (!std::holds_alternative<op::Conv>(node.op) || !graph_.value(node.inputs[1]).quant) continue;
    if (node.inputs.size() < 3) throw Error(ErrorKind::internal, "net: " + node.name + ": a quantised convolution without bias");
    layer_of_node_[i] = layers_.size();
    layers_.push_back(layer_at(graph_, i, constants_.at(node.inputs[2]), device));
    if (layers_.back().activation_node) layer_of_activation_[*layers_.back().activation_node] = layers_.size() - 1;
  }
}

ValueId Net::input_of(const LearnedLayer& layer) const { return graph_.nodes[layer.activation_node.value_or(layer.node)].inputs[0]; }

std::vector<ValueId> Net::layer_inputs() const {
  std::set<ValueId> inputs;
  for (const LearnedLayer& layer : layers_) inputs.insert(input_of(layer));
  return {inputs.begin(), inputs.end()};
}

const QuantSpec& Net::spec_of(const LearnedLayer& layer) const { return graph_.value(graph_.nodes[layer.node].inputs[1]).quant->spec; }

void Net::start_from_weights(const Graph& baseline) {
  for (LearnedLayer& layer : layers_) {
    const QuantSpec& spec = spec_of(layer);
    const at::Tensor weight = constant_of(baseline.value(graph_.nodes[layer.node].inputs[1])).to(layer.latent.device());
    layer.first_log_scale = layer.log_scale.clone();
    layer.latent = weight / broadcast_scale(layer.log_scale.exp(), spec, weight) + broadcast_scale(layer.zero_point, spec, weight);
  }
}

at::Tensor Net::unrounded(const LearnedLayer& layer) const {
  if (!layer.first_log_scale.defined()) return layer.latent;
  const QuantSpec& spec = spec_of(layer);
  const at::Tensor zero = broadcast_scale(layer.zero_point, spec, layer.latent);
  const at::Tensor ratio = broadcast_scale((layer.first_log_scale - layer.log_scale).exp(), spec, layer.latent);
  return at::clamp((layer.latent - zero) * ratio + zero, spec.min_code(), spec.max_code());
}

void Net::clamp_latents() {
  const c10::NoGradGuard no_gradients;
  for (LearnedLayer& layer : layers_) {
    if (layer.first_log_scale.defined()) continue;  // back in range when the scale grows
    const QuantSpec& spec = spec_of(layer);
    layer.latent.clamp_(spec.min_code() - 0.5, spec.max_code() + 0.5);
  }
}

at::Tensor Net::weight_of(const LearnedLayer& layer) const {
  const QuantSpec& spec = spec_of(layer);
  const at::Tensor codes = round_straight_through(unrounded(layer), spec) - broadcast_scale(layer.zero_point, spec, layer.latent);
  return codes * broadcast_scale(layer.log_scale.exp(), spec, layer.latent);
}

std::vector<at::Tensor> Net::forward(const at::Tensor& images, const std::vector<ValueId>& wanted, const TeacherForcing& forcing) const {
  const Schedule schedule = schedule_of(graph_, wanted);
  std::map<ValueId, at::Tensor> values{{graph_.inputs.front(), images}};
  for (const std::size_t i : schedule.nodes) {
    const Node& node = graph_.nodes[i];
    std::vector<at::Tensor> inputs;
    for (const ValueId id : node.inputs) {
      const auto constant = constants_.find(id);
      inputs.push_back(constant != constants_.end() ? constant->second : values.at(id));
    }
    const auto conv = layer_of_node_.find(i), quantizer = layer_of_activation_.find(i);
    const bool reads_input =
        quantizer != layer_of_activation_.end() || (conv != layer_of_node_.end() && !layers_[conv->second].activation_node);
    if (forcing.share > 0 && reads_input) inputs[0] = at::lerp(inputs[0], forcing.inputs.at(node.inputs[0]), forcing.share);
    std::vector<at::Tensor> outputs;
    if (conv != layer_of_node_.end()) {
      const LearnedLayer& layer = layers_[conv->second];
      outputs = {convolve(std::get<op::Conv>(node.op), inputs[0], weight_of(layer), layer.bias)};
    } else if (quantizer != layer_of_activation_.end()) {
      const QuantParams& params = std::get<op::QuantizeDequantize>(node.op).params;
      outputs = {fake_quantize_straight_through(inputs[0], layers_[quantizer->second].log_activation_scale.exp(),
                                                to_torch(params.zero_point).item<int>(), params.spec)};
    } else {
      outputs = evaluate(node, inputs);
    }
    for (std::size_t k = 0; k < outputs.size(); ++k) values[node.outputs[k]] = outputs[k];
    for (const ValueId id : node.inputs)
      if (const auto last = schedule.last_use.find(id); last != schedule.last_use.end() && last->second == i) values.erase(id);
  }
  std::vector<at::Tensor> result;
  for (const ValueId id : wanted) result.push_back(values.at(id));
  return result;
}

Graph Net::freeze() const {
  Graph graph = graph_;
  for (const LearnedLayer& layer : layers_) {
    const Node& node = graph.nodes[layer.node];
    Value& weight = graph.value(node.inputs[1]);
    const QuantSpec& spec = weight.quant->spec;
    weight.constant = from_torch(at::clamp(at::round(unrounded(layer).detach()), spec.min_code(), spec.max_code()).to(at::kChar));
    weight.quant->scale = scale_of(layer.log_scale);
    graph.value(node.inputs[2]).constant = from_torch(layer.bias);
    if (layer.activation_node)
      std::get<op::QuantizeDequantize>(graph.nodes[*layer.activation_node].op).params.scale = scale_of(layer.log_activation_scale);
  }
  verify(graph);
  return graph;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "graph/edit.h"
#include "graph/rewrites.h"
#include "nibble/error.h"

namespace nibble {

namespace {

/// y = x * scale + shift per channel: a BatchNorm of fixed statistics.
struct Affine {
  std::vector<double> scale;
  std::vector<double> shift;
};

bool is_plain_f32(const Value& value) { return value.constant && !value.quant && value.dtype == DType::f32; }

bool constants_from(const Graph& graph, const Node& node, std::size_t first) {
  for (std::size_t i = first; i < node.inputs.size(); ++i)
    if (!is_plain_f32(graph.value(node.inputs[i]))) return false;
  return true;
}

Affine affine_of(const Graph& graph, const Node& norm) {
  const auto constant = [&](std::size_t input) { return graph.value(norm.inputs[input]).constant->as<float>(); };
  const auto gamma = constant(1);
  const auto beta = constant(2);
  const auto mean = constant(3);
  const auto variance = constant(4);
  const double epsilon = std::get<op::BatchNorm>(norm.op).epsilon;
  Affine affine;
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    const double scale = static_cast<double>(gamma[c]) / std::sqrt(static_cast<double>(variance[c]) + epsilon);
    affine.scale.push_back(scale);
    affine.shift.push_back(static_cast<double>(beta[c]) - static_cast<double>(mean[c]) * scale);
    if (!std::isfinite(affine.scale.back()) || !std::isfinite(affine.shift.back()))
      throw Error(ErrorKind::numeric, fmt::format("fold BatchNorm: node '{}': channel {} has gamma {}, beta {}, mean {}, variance {}; the "
                                                  "checkpoint is damaged or its training diverged",
                                                  norm.name, c, gamma[c], beta[c], mean[c], variance[c]));
  }
  return affine;
}

Tensor scaled_weight(const Tensor& weight, const Affine& affine) {
  const auto source = weight.as<float>();
  const auto per_channel = source.size() / affine.scale.size();
  std::vector<float> values(source.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(static_cast<double>(source[i]) * affine.scale[i / per_channel]);
  return Tensor::of<float>(weight.shape(), std::move(values));
}

Tensor folded_bias(const Tensor* bias, const Affine& affine) {
  std::vector<float> values(affine.scale.size());
  for (std::size_t c = 0; c < values.size(); ++c) {
    const double before = bias == nullptr ? 0.0 : static_cast<double>(bias->as<float>()[c]);
    values[c] = static_cast<float>(before * affine.scale[c] + affine.shift[c]);
  }
  const auto channels = static_cast<std::int64_t>(values.size());
  return Tensor::of<float>({channels}, std::move(values));
}

void fold(Graph& graph, Node& conv, Node& norm, std::vector<int>& uses) {
  const auto affine = affine_of(graph, norm);
  const Tensor weight = *graph.value(conv.inputs[1]).constant;
  const Tensor* bias = conv.inputs.size() > 2 ? &*graph.value(conv.inputs[2]).constant : nullptr;
  Tensor new_bias = folded_bias(bias, affine);
  set_constant_input(graph, conv, 1, conv.name + ".weight_folded", scaled_weight(weight, affine), uses);
  set_constant_input(graph, conv, 2, conv.name + ".bias", std::move(new_bias), uses);
  take_over_output(graph, conv, norm);
}

}  // namespace

Rewritten fold_batchnorm(const Graph& graph) {
  Rewritten result{graph, 0};
  auto& nodes = result.graph.nodes;
  const auto producers = producers_by_value(graph);
  auto uses = count_uses(graph);
  for (auto& norm : nodes) {
    if (!std::holds_alternative<op::BatchNorm>(norm.op) || !constants_from(graph, norm, 1)) continue;
    const auto x = static_cast<std::size_t>(norm.inputs[0]);
    if (producers[x] < 0 || uses[x] != 1) continue;
    auto& conv = nodes[static_cast<std::size_t>(producers[x])];
    if (!std::holds_alternative<op::Conv>(conv.op) || !constants_from(result.graph, conv, 1)) continue;
    fold(result.graph, conv, norm, uses);
    ++result.applied;
  }
  result.graph = without_emptied_nodes(std::move(result.graph));
  return result;
}

}  // namespace nibble

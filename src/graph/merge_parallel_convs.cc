// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "graph/edit.h"
#include "graph/rewrites.h"

namespace nibble {

namespace {

/// Two convolutions of one input whose results are added; `large` has the larger kernel.
struct Branches {
  Node* large;
  Node* small;
};

const op::Conv& conv_of(const Node& node) { return std::get<op::Conv>(node.op); }
const Tensor& constant_of(const Graph& graph, const Node& node, std::size_t input) { return *graph.value(node.inputs[input]).constant; }
std::int64_t kernel_extent(const Graph& graph, const Node& conv, std::size_t axis) { return constant_of(graph, conv, 1).shape()[2 + axis]; }

bool has_plain_constants(const Graph& graph, const Node& conv) {
  return std::all_of(conv.inputs.begin() + 1, conv.inputs.end(), [&](ValueId id) {
    const auto& value = graph.value(id);
    return value.constant && !value.quant && value.dtype == DType::f32;
  });
}

/// With padding k/2 of an odd or even k, both kernels look at the same centre.
bool is_centred(const Graph& graph, const Node& conv) {
  const auto& attributes = conv_of(conv);
  for (std::size_t axis = 0; axis < 2; ++axis)
    if (attributes.padding[axis] != kernel_extent(graph, conv, axis) / 2 || attributes.dilation[axis] != 1) return false;
  return true;
}

bool fits_inside(const Graph& graph, const Branches& branches) {
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const auto slack = kernel_extent(graph, *branches.large, axis) - kernel_extent(graph, *branches.small, axis);
    if (slack < 0 || slack % 2 != 0) return false;
  }
  return true;
}

bool are_mergeable(const Graph& graph, const Branches& branches) {
  const auto& large = *branches.large;
  const auto& small = *branches.small;
  return large.inputs[0] == small.inputs[0] && has_plain_constants(graph, large) && has_plain_constants(graph, small) &&
         conv_of(large).stride == conv_of(small).stride && conv_of(large).groups == conv_of(small).groups && is_centred(graph, large) &&
         is_centred(graph, small) && fits_inside(graph, branches) && large.float_reason == small.float_reason;
}

Tensor summed_weights(const Tensor& large, const Tensor& small) {
  const auto& outer = large.shape();
  const auto& inner = small.shape();
  const auto kernels = outer[0] * outer[1];
  const auto top = (outer[2] - inner[2]) / 2;
  const auto left = (outer[3] - inner[3]) / 2;
  std::vector<float> values(large.as<float>().begin(), large.as<float>().end());
  const auto added = small.as<float>();
  std::size_t i = 0;
  for (std::int64_t kernel = 0; kernel < kernels; ++kernel)
    for (std::int64_t y = 0; y < inner[2]; ++y)
      for (std::int64_t x = 0; x < inner[3]; ++x, ++i)
        values[static_cast<std::size_t>((kernel * outer[2] + top + y) * outer[3] + left + x)] += added[i];
  return Tensor::of<float>(outer, std::move(values));
}

Tensor summed_biases(const Graph& graph, const Branches& branches) {
  const auto channels = constant_of(graph, *branches.large, 1).shape()[0];
  std::vector<float> values(static_cast<std::size_t>(channels), 0.0F);
  for (const auto* conv : {branches.large, branches.small}) {
    if (conv->inputs.size() < 3) continue;
    const auto bias = constant_of(graph, *conv, 2).as<float>();
    for (std::size_t c = 0; c < values.size(); ++c) values[c] += bias[c];
  }
  return Tensor::of<float>({channels}, std::move(values));
}

void merge(Graph& graph, const Branches& branches, Node& add, std::vector<int>& uses) {
  Tensor weight = summed_weights(constant_of(graph, *branches.large, 1), constant_of(graph, *branches.small, 1));
  const bool has_bias = branches.large->inputs.size() > 2 || branches.small->inputs.size() > 2;
  if (has_bias) set_constant_input(graph, *branches.large, 2, branches.large->name + ".bias", summed_biases(graph, branches), uses);
  set_constant_input(graph, *branches.large, 1, branches.large->name + ".weight_merged", std::move(weight), uses);
  branches.small->outputs.clear();
  take_over_output(graph, *branches.large, add);
}

/// The nodes whose results `add` sums, where both are convolutions nobody else reads.
Branches branches_of(Graph& graph, const Node& add, const std::vector<std::int32_t>& producers, const std::vector<int>& uses) {
  std::array<Node*, 2> convs{};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto id = static_cast<std::size_t>(add.inputs[i]);
    if (producers[id] < 0 || uses[id] != 1) return {nullptr, nullptr};
    convs[i] = &graph.nodes[static_cast<std::size_t>(producers[id])];
    if (!std::holds_alternative<op::Conv>(convs[i]->op) || !graph.value(convs[i]->inputs[1]).constant) return {nullptr, nullptr};
  }
  const bool swap = kernel_extent(graph, *convs[0], 0) < kernel_extent(graph, *convs[1], 0);
  return swap ? Branches{convs[1], convs[0]} : Branches{convs[0], convs[1]};
}

}  // namespace

Rewritten merge_parallel_convs(const Graph& graph) {
  Rewritten result{graph, 0};
  const auto producers = producers_by_value(graph);
  auto uses = count_uses(graph);
  for (auto& add : result.graph.nodes) {
    if (!std::holds_alternative<op::Add>(add.op)) continue;
    const auto branches = branches_of(result.graph, add, producers, uses);
    if (branches.large == nullptr || !are_mergeable(result.graph, branches)) continue;
    merge(result.graph, branches, add, uses);
    ++result.applied;
  }
  result.graph = without_emptied_nodes(std::move(result.graph));
  return result;
}

}  // namespace nibble

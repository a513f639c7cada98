// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "yolo/block_parts.h"
#include "yolo/head.h"

namespace nibble {
namespace {

constexpr const char* kProbabilities = "class probabilities";

/// torch.nn.Linear on a map of one cell.
ValueId add_linear(Graph& graph, const Module& module, ValueId x) {
  if (module.class_key() != "torch.Linear") module.fail(ErrorKind::unsupported, "expected a Linear here");
  const auto inputs = shape_of(graph, x)[1], outputs = module.integer("out_features");
  if (module.integer("in_features") != inputs)
    module.fail(ErrorKind::input, fmt::format("it reads {} features, {} are there", module.integer("in_features"), inputs));
  const Tensor matrix = module.tensor("weight", {outputs, inputs});
  const auto values = matrix.as<float>();
  std::vector<ValueId> operands{
      x, graph.add_constant(module.path() + ".weight", Tensor::of<float>({outputs, inputs, 1, 1}, {values.begin(), values.end()}))};
  if (module.find_tensor("bias")) operands.push_back(graph.add_constant(module.path() + ".bias", module.tensor("bias", {outputs})));
  return graph.add(module.path(), op::Conv{}, operands);
}

}  // namespace

ValueId add_classify_head(Graph& graph, const Module& head, const std::vector<ValueId>& maps, const BuildOptions& options) {
  if (options.head != Head::one2many)
    head.fail(ErrorKind::unsupported, fmt::format("a classifier has one output, not --head {}; leave --head out", name_of(options.head)));
  const auto all = maps.size() == 1 ? maps[0] : add_concat_of(graph, head, maps);
  const auto features = add_child(graph, head, "conv", all);
  const Shape shape = shape_of(graph, features);
  const auto mean = graph.add(head.path() + ".pool", op::AveragePool{{shape[2], shape[3]}, {1, 1}}, {features});
  const auto linear = head.child("linear");
  const auto map = add_linear(graph, linear, mean);
  const auto logits =
      graph.add(fmt::format("{}.{}", head.path(), kClassifierLogits), op::Reshape{{0, shape_of(graph, map)[1]}}, {map}, kProbabilities);
  const auto output = graph.add(head.path() + ".probabilities", op::Softmax{-1}, {logits}, kProbabilities);
  graph.value(output).name = "output0";
  return output;
}

}  // namespace nibble

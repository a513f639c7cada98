// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "yolo/block_parts.h"
#include "yolo/head.h"

namespace nibble {
namespace {

constexpr const char* kProbabilities = "class probabilities";
constexpr const char* kLinear = "torch.Linear";

}  // namespace

Module classes_module(const Module& head) {
  const auto linear = head.child("linear");
  if (linear.class_key() == kLinear) return linear;
  std::vector<std::string> held;
  if (linear.class_key() == "torch.Sequential") {
    auto members = linear.children();
    std::reverse(members.begin(), members.end());
    for (auto& member : members) {
      if (member.class_key() == kLinear) return member;
      held.insert(held.begin(), member.short_class());
    }
  }
  linear.fail(ErrorKind::unsupported, fmt::format("expected a Linear here, or a Sequential with one{}",
                                                  held.empty() ? "" : fmt::format("; it holds {}", fmt::join(held, ", "))));
}

ValueId add_linear(Graph& graph, const Module& module, const Inputs& given) {
  const auto x = only(module, given);
  const auto& shape = shape_of(graph, x);
  if (shape.size() != 4 || shape[2] != 1 || shape[3] != 1)
    module.fail(ErrorKind::unsupported, "nibble reads it in the head of a classifier, behind the mean over the map, and nowhere else");
  const auto inputs = shape[1], outputs = module.integer("out_features");
  if (module.integer("in_features") != inputs)
    module.fail(ErrorKind::input, fmt::format("it reads {} features, {} are there", module.integer("in_features"), inputs));
  const Tensor matrix = module.tensor("weight", {outputs, inputs});
  const auto values = matrix.as<float>();
  std::vector<ValueId> operands{
      x, graph.add_constant(module.path() + ".weight", Tensor::of<float>({outputs, inputs, 1, 1}, {values.begin(), values.end()}))};
  if (module.find_tensor("bias")) operands.push_back(graph.add_constant(module.path() + ".bias", module.tensor("bias", {outputs})));
  return graph.add(module.path(), op::Conv{}, operands);
}

ValueId add_classify_head(Graph& graph, const Module& head, const std::vector<ValueId>& maps, const BuildOptions& options) {
  if (options.head != Head::one2many)
    head.fail(ErrorKind::unsupported, fmt::format("a classifier has one output, not --head {}; leave --head out", name_of(options.head)));
  const auto all = maps.size() == 1 ? maps[0] : add_concat_of(graph, head, maps);
  const auto features = add_child(graph, head, "conv", all);
  const Shape shape = shape_of(graph, features);
  const auto mean = graph.add(head.path() + ".pool", op::AveragePool{{shape[2], shape[3]}, {1, 1}}, {features});
  const auto map = add_child(graph, head, "linear", mean);
  const auto logits =
      graph.add(fmt::format("{}.{}", head.path(), kClassifierLogits), op::Reshape{{0, shape_of(graph, map)[1]}}, {map}, kProbabilities);
  const auto output = graph.add(head.path() + ".probabilities", op::Softmax{-1}, {logits}, kProbabilities);
  graph.value(output).name = "output0";
  return output;
}

}  // namespace nibble

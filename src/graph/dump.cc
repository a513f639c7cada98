// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "graph/graph.h"
#include "graph/text.h"

namespace nibble {

namespace {

std::string pair_text(const op::Pair& pair) {
  return pair[0] == pair[1] ? std::to_string(pair[0]) : fmt::format("{}x{}", pair[0], pair[1]);
}

struct AttributesOf {
  std::string operator()(const op::Conv& conv) const {
    return fmt::format("stride={} padding={} dilation={} groups={}", pair_text(conv.stride), pair_text(conv.padding),
                       pair_text(conv.dilation), conv.groups);
  }
  std::string operator()(const op::BatchNorm& norm) const { return fmt::format("epsilon={}", norm.epsilon); }
  std::string operator()(const op::Softmax& softmax) const { return fmt::format("axis={}", softmax.axis); }
  std::string operator()(const op::Concat& concat) const { return fmt::format("axis={}", concat.axis); }
  std::string operator()(const op::Split& split) const {
    return fmt::format("axis={} sizes=[{}]", split.axis, fmt::join(split.sizes, ","));
  }
  std::string operator()(const op::MaxPool& pool) const {
    return fmt::format("kernel={} stride={} padding={}", pair_text(pool.kernel), pair_text(pool.stride), pair_text(pool.padding));
  }
  std::string operator()(const op::AveragePool& pool) const {
    return fmt::format("kernel={} stride={}", pair_text(pool.kernel), pair_text(pool.stride));
  }
  std::string operator()(const op::ZeroPad& pad) const { return fmt::format("begin={} end={}", pair_text(pad.begin), pair_text(pad.end)); }
  std::string operator()(const op::ResizeNearest& resize) const { return fmt::format("factor={}", resize.factor); }
  std::string operator()(const op::Reshape& reshape) const { return fmt::format("shape=[{}]", fmt::join(reshape.shape, ",")); }
  std::string operator()(const op::Transpose& transpose) const { return fmt::format("perm=[{}]", fmt::join(transpose.perm, ",")); }
  std::string operator()(const op::Unsqueeze& unsqueeze) const { return fmt::format("axis={}", unsqueeze.axis); }
  std::string operator()(const op::ReduceMax& reduce) const { return fmt::format("axis={}", reduce.axis); }
  std::string operator()(const op::TopK& top) const { return fmt::format("k={}", top.k); }
  std::string operator()(const op::Cast& cast) const { return fmt::format("to={}", name_of(cast.to)); }
  std::string operator()(const op::QuantizeDequantize& quantise) const { return text_of(quantise.params.spec); }
  template <class Plain>
  std::string operator()(const Plain&) const {
    return {};
  }
};

std::string value_text(const Value& value) {
  auto text = fmt::format("{} {}", value.name, text_of(value.shape));
  if (value.dtype != DType::f32) text += fmt::format(" {}", name_of(value.dtype));
  if (value.quant) text += fmt::format(" {}", text_of(value.quant->spec));
  return text;
}

std::string values_text(const Graph& graph, const std::vector<ValueId>& ids) {
  std::string text;
  for (const auto id : ids) text += (text.empty() ? "" : ", ") + value_text(graph.value(id));
  return text;
}

}  // namespace

std::string dump(const Graph& graph) {
  std::string text = fmt::format("inputs: {}\n", values_text(graph, graph.inputs));
  for (const auto& node : graph.nodes) {
    const auto attributes = std::visit(AttributesOf{}, node.op);
    text += fmt::format("{}: {}{}({}) -> {}", node.name, name_of(node.op), attributes.empty() ? "" : "{" + attributes + "}",
                        values_text(graph, node.inputs), values_text(graph, node.outputs));
    if (!node.float_reason.empty()) text += fmt::format("  # float: {}", node.float_reason);
    text += '\n';
  }
  return text + fmt::format("outputs: {}\n", values_text(graph, graph.outputs));
}

}  // namespace nibble

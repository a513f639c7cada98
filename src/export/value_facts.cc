// SPDX-License-Identifier: Apache-2.0
#include "export/value_facts.h"

#include <algorithm>
#include <cstring>

#include "export/constant_eval.h"
#include "export/graph_edit.h"
#include "export/onnx_types.h"

namespace nibble {
namespace {

/// int64 and int32 elements, raw or typed.
std::optional<std::vector<std::int64_t>> ints_of(const onnx::TensorProto& tensor) {
  const bool wide = tensor.data_type() == onnx_type::kInt64;
  if ((!wide && tensor.data_type() != onnx_type::kInt32) || is_external(tensor)) return std::nullopt;
  const auto count = count_of(shape_of(tensor, tensor.name()));
  if (count > static_cast<std::int64_t>(kMostInts)) return std::nullopt;
  std::vector<std::int64_t> values;
  if (tensor.has_raw_data()) {
    const std::size_t width = wide ? 8 : 4;
    for (std::size_t at = 0; at + width <= tensor.raw_data().size(); at += width) {
      std::int64_t value = 0;
      std::int32_t narrow = 0;
      std::memcpy(wide ? static_cast<void*>(&value) : &narrow, tensor.raw_data().data() + at, width);
      values.push_back(wide ? value : narrow);
    }
  } else if (wide) {
    values.assign(tensor.int64_data().begin(), tensor.int64_data().end());
  } else {
    values.assign(tensor.int32_data().begin(), tensor.int32_data().end());
  }
  return static_cast<std::int64_t>(values.size()) == count ? std::optional(values) : std::nullopt;
}

std::optional<std::vector<double>> floats_of(const onnx::TensorProto& tensor) {
  constexpr std::int64_t kMaxFloats = 16;
  if (tensor.data_type() != onnx_type::kFloat || is_external(tensor) || count_of(shape_of(tensor, tensor.name())) > kMaxFloats)
    return std::nullopt;
  return elements_of(tensor);
}

ValueFact fact_of(const onnx::TensorProto& tensor) {
  return {tensor.data_type(), shape_of(tensor, tensor.name()), ints_of(tensor), floats_of(tensor)};
}

/// Split writes several outputs; each has its own extent along the axis. Other operators: one fact, for the first output.
std::vector<ValueFact> facts_of_split(const onnx::NodeProto& node, const std::vector<ValueFact>& inputs) {
  const auto& x = inputs[0];
  std::vector<ValueFact> outputs(static_cast<std::size_t>(node.output_size()), ValueFact{x.type, {}, {}, {}});
  if (!x.shape || inputs.size() < 2 || !inputs[1].ints || inputs[1].ints->size() != outputs.size()) return outputs;
  auto axis = int_attribute(node, "axis", 0);
  if (axis < 0) axis += static_cast<std::int64_t>(x.shape->size());
  if (axis < 0 || axis >= static_cast<std::int64_t>(x.shape->size())) return outputs;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].shape = x.shape;
    (*outputs[i].shape)[static_cast<std::size_t>(axis)] = (*inputs[1].ints)[i];
  }
  return outputs;
}

}  // namespace

ValueFacts::ValueFacts(const onnx::GraphProto& graph) : index_(graph), inputs_(names_of(graph.input())) {
  for (const auto& info : graph.value_info()) declare_type(info);
  for (const auto& info : graph.output()) declare_type(info);
  for (const auto& info : graph.input()) declare(info);
  take_constants(graph);
  for (const auto& node : graph.node()) {
    if (!is_standard(node) || node.output_size() == 0 || node.op_type() == "Constant") continue;
    std::vector<ValueFact> inputs;
    for (const auto& name : node.input()) inputs.push_back(of(name));
    auto outputs =
        node.op_type() == "Split" && !inputs.empty() ? facts_of_split(node, inputs) : std::vector<ValueFact>{infer_fact(node, inputs)};
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const auto& name = node.output(static_cast<int>(i));
      if (outputs[i].type == 0) outputs[i].type = of(name).type;
      if (!name.empty()) facts_[name] = std::move(outputs[i]);
    }
  }
}

void ValueFacts::declare_type(const onnx::ValueInfoProto& info) {
  if (info.type().has_tensor_type()) facts_[info.name()].type = info.type().tensor_type().elem_type();
}

void ValueFacts::declare(const onnx::ValueInfoProto& info) {
  if (!info.type().has_tensor_type()) return;
  declare_type(info);
  const auto& type = info.type().tensor_type();
  auto& fact = facts_[info.name()];
  if (!type.has_shape()) return;
  Shape shape;
  for (const auto& dim : type.shape().dim())
    shape.push_back(dim.has_dim_value() && dim.dim_value() >= 0 ? dim.dim_value() : kUnknownExtent);
  fact.shape = std::move(shape);
}

/// An initialiser that is an input as well may be replaced by the caller: its numbers are not known.
void ValueFacts::take_constants(const onnx::GraphProto& graph) {
  for (const auto& tensor : graph.initializer()) {
    facts_[tensor.name()] = fact_of(tensor);
    if (!inputs_.contains(tensor.name())) continue;
    facts_[tensor.name()].ints.reset();
    facts_[tensor.name()].floats.reset();
  }
  for (const auto& node : graph.node())
    for (const auto& output : node.output())
      if (node.op_type() == "Constant")
        if (const auto* tensor = index_.constant(output)) facts_[output] = fact_of(*tensor);
}

const ValueFact& ValueFacts::of(const std::string& name) const {
  static const ValueFact kNothing;
  const auto found = facts_.find(name);
  return found == facts_.end() ? kNothing : found->second;
}

const onnx::TensorProto* ValueFacts::constant(const std::string& name) const {
  return inputs_.contains(name) ? nullptr : index_.constant(name);
}

bool ValueFacts::has_full_shape(const std::string& name) const {
  const auto& shape = of(name).shape;
  return shape && std::none_of(shape->begin(), shape->end(), [](auto extent) { return extent < 0; });
}

}  // namespace nibble

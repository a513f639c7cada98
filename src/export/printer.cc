// SPDX-License-Identifier: Apache-2.0
#include "export/printer.h"

#include <fmt/format.h>

#include "export/onnx_types.h"

namespace nibble {

Printer::Printer(const Graph& graph, Dialect dialect, int opset, bool clips)
    : graph_(graph), dialect_(dialect), opset_(opset), clips_(clips) {
  for (const auto& value : graph.values) names_.insert(value.name);
}

std::string Printer::use(ValueId id, const Node& reader) {
  const Value& value = graph_.value(id);
  if (!value.constant) return value.name;
  if (const auto found = printed_.find(id); found != printed_.end()) return found->second;
  std::string name = value.name;
  if (value.quant) {
    name = print_quantized_constant(*this, value, reader);
  } else {
    const auto type = onnx_type::number_of(value.constant->dtype());
    model_.initialisers.push_back({name, type, value.constant->shape(), *value.constant});
  }
  return printed_.emplace(id, std::move(name)).first->second;
}

onnx::NodeProto& Printer::add_node(std::string_view op_type, std::string_view name, const std::vector<std::string>& inputs,
                                   const std::vector<std::string>& outputs) {
  auto& node = *model_.proto.mutable_graph()->add_node();
  node.set_op_type(std::string(op_type));
  node.set_name(std::string(name));
  for (const auto& input : inputs) node.add_input(input);
  for (const auto& output : outputs) node.add_output(output);
  return node;
}

std::string Printer::add_initialiser(std::string_view wanted, Tensor data) {
  const auto type = onnx_type::number_of(data.dtype());
  Shape dims = data.shape();
  return add_initialiser(wanted, type, std::move(dims), std::move(data));
}

std::string Printer::add_initialiser(std::string_view wanted, std::int32_t type, Shape dims, Tensor data) {
  std::string name = fresh_name(wanted);
  model_.initialisers.push_back({name, type, std::move(dims), std::move(data)});
  return name;
}

std::string Printer::add_constant_node(std::string_view wanted, const Tensor& value) {
  std::string name = fresh_name(wanted);
  auto& attribute = *add_node("Constant", name, {}, {name}).add_attribute();
  attribute.set_name("value");
  attribute.set_type(onnx::AttributeProto::TENSOR);
  auto& tensor = *attribute.mutable_t();
  for (const auto extent : value.shape()) tensor.add_dims(extent);
  tensor.set_data_type(onnx_type::number_of(value.dtype()));
  tensor.set_raw_data(value.bytes().data(), value.bytes().size());
  return name;
}

std::string Printer::fresh_name(std::string_view wanted) {
  std::string name(wanted);
  for (int number = 1; !names_.insert(name).second; ++number) name = fmt::format("{}_{}", wanted, number);
  return name;
}

namespace {
onnx::AttributeProto& add_attribute(onnx::NodeProto& node, std::string_view name, onnx::AttributeProto::AttributeType type) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(std::string(name));
  attribute.set_type(type);
  return attribute;
}
}  // namespace

void set_int(onnx::NodeProto& node, std::string_view name, std::int64_t value) {
  add_attribute(node, name, onnx::AttributeProto::INT).set_i(value);
}
void set_ints(onnx::NodeProto& node, std::string_view name, std::span<const std::int64_t> values) {
  auto& attribute = add_attribute(node, name, onnx::AttributeProto::INTS);
  for (const auto value : values) attribute.add_ints(value);
}
void set_float(onnx::NodeProto& node, std::string_view name, float value) {
  add_attribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}
void set_string(onnx::NodeProto& node, std::string_view name, std::string_view value) {
  add_attribute(node, name, onnx::AttributeProto::STRING).set_s(std::string(value));
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// ONNX graphs by hand, for tests: shorter than protobuf's own calls.
#pragma once
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

namespace nibble::testing {

inline onnx::NodeProto& append(onnx::GraphProto& graph, const std::string& op, const std::vector<std::string>& inputs,
                               const std::string& output) {
  auto& node = *graph.add_node();
  node.set_op_type(op);
  for (const auto& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

inline void set_attribute(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}
inline void set_attribute(onnx::NodeProto& node, const std::string& name, const std::vector<std::int64_t>& values) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  attribute.mutable_ints()->Assign(values.begin(), values.end());
}

inline void declare(onnx::ValueInfoProto& info, const std::string& name, std::int32_t type, const std::vector<std::int64_t>& extents) {
  info.set_name(name);
  auto& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  auto& shape = *tensor.mutable_shape();
  for (const auto extent : extents) shape.add_dim()->set_dim_value(extent);
}

inline onnx::TensorProto& add_tensor(onnx::GraphProto& graph, const std::string& name, std::int32_t type) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  return tensor;
}

/// Initialisers; each returns its name.
inline std::string number(onnx::GraphProto& graph, const std::string& name, float value) {
  add_tensor(graph, name, 1).set_raw_data(&value, sizeof value);
  return name;
}
inline std::string code(onnx::GraphProto& graph, const std::string& name, std::int8_t value) {
  add_tensor(graph, name, 3).set_raw_data(&value, sizeof value);
  return name;
}
inline std::string ints(onnx::GraphProto& graph, const std::string& name, const std::vector<std::int64_t>& values) {
  auto& tensor = add_tensor(graph, name, 7);
  tensor.add_dims(static_cast<std::int64_t>(values.size()));
  tensor.set_raw_data(values.data(), values.size() * sizeof(std::int64_t));
  return name;
}

}  // namespace nibble::testing

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/tensor.h"
#include "export/cleanup_passes.h"
#include "export/constant_eval.h"
#include "export/graph_edit.h"
#include "export/onnx_types.h"
#include "export/unpack_chain.h"

namespace nibble {
namespace {

constexpr std::size_t kWorthIt = 1024;  // bytes; the Cast and its names cost about a hundred

bool is_same(float a, float b) { return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b); }

/// The numbers as Stored, when each comes back to the bit (so -0 is no byte).
template <class Stored, class To, class Back>
std::optional<std::string> stored_as(const std::vector<float>& values, const To& to, const Back& back) {
  std::string bytes(values.size() * sizeof(Stored), '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Stored stored = to(values[i]);
    if (!is_same(back(stored), values[i])) return std::nullopt;
    std::memcpy(bytes.data() + i * sizeof(Stored), &stored, sizeof(Stored));
  }
  return bytes;
}

template <class Byte>
std::optional<std::string> as_bytes(const std::vector<float>& values) {
  const auto fits = [](float value) { return value >= std::numeric_limits<Byte>::min() && value <= std::numeric_limits<Byte>::max(); };
  if (!std::all_of(values.begin(), values.end(), fits)) return std::nullopt;
  return stored_as<Byte>(
      values, [](float value) { return static_cast<Byte>(value); }, [](Byte byte) { return static_cast<float>(byte); });
}

/// The narrow form of the tensor, without a name; nothing when there is none.
std::optional<onnx::TensorProto> narrowed(const onnx::TensorProto& tensor) {
  const auto doubles = elements_of(tensor);
  const std::vector<float> values(doubles.begin(), doubles.end());  // exact: they are floats
  onnx::TensorProto result;
  *result.mutable_dims() = tensor.dims();
  const auto store = [&](std::int32_t type, std::optional<std::string> bytes) {
    if (!bytes || result.has_raw_data()) return;
    result.set_data_type(type);
    result.set_raw_data(*std::move(bytes));
  };
  store(onnx_type::kUint8, as_bytes<std::uint8_t>(values));
  store(onnx_type::kInt8, as_bytes<std::int8_t>(values));
  store(onnx_type::kFloat16, stored_as<Half>(values, to_half, to_float));
  return result.has_raw_data() ? std::optional(result) : std::nullopt;
}

/// Names some layer, quantiser or decoder reads as weight, bias, scale or zero point.
Names parameters_of(const onnx::GraphProto& graph) {
  Names names;
  for (const auto& node : graph.node()) {
    const bool is_layer = is_op(node, "Conv") || is_op(node, "MatMul") || is_op(node, "Gemm") || is_op(node, "BatchNormalization");
    if (is_layer || is_op(node, "QuantizeLinear") || is_op(node, "DequantizeLinear"))
      names.insert(node.input().begin(), node.input().end());
  }
  const OnnxIndex index(graph);
  for (const auto& chain : find_unpack_chains(graph, index))
    for (const auto* node : chain.nodes) names.insert(node->input().begin(), node->input().end());
  return names;
}

onnx::NodeProto cast_node(const std::string& from, const std::string& to) {
  onnx::NodeProto node;
  node.set_op_type("Cast");
  node.set_name(to + ".Cast");
  node.add_input(from);
  node.add_output(to);
  auto& attribute = *node.add_attribute();
  attribute.set_name("to");
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(onnx_type::kFloat);
  return node;
}

}  // namespace

int narrow_constants(onnx::GraphProto& graph) {
  const Names pinned = pinned_names(graph), parameters = parameters_of(graph), taken = read_names(graph);
  google::protobuf::RepeatedPtrField<onnx::NodeProto> nodes;  // the Casts first: their readers may be anywhere
  for (auto& tensor : *graph.mutable_initializer()) {
    const std::string name = tensor.name(), stored = name + "_stored";
    const bool is_large =
        tensor.data_type() == onnx_type::kFloat && static_cast<std::size_t>(count_of(shape_of(tensor, name))) * 4 >= kWorthIt;
    if (!is_large || is_external(tensor) || pinned.contains(name) || parameters.contains(name) || taken.contains(stored)) continue;
    auto narrow = narrowed(tensor);
    if (!narrow) continue;
    tensor = *std::move(narrow);
    tensor.set_name(stored);
    *nodes.Add() = cast_node(stored, name);
  }
  const int count = nodes.size();
  if (count == 0) return 0;
  for (auto& node : *graph.mutable_node()) nodes.Add()->Swap(&node);
  graph.mutable_node()->Swap(&nodes);
  return count;
}

}  // namespace nibble

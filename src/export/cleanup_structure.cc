// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "export/cleanup_passes.h"
#include "export/graph_edit.h"
#include "export/onnx_types.h"

namespace nibble {
namespace {

/// The tensor a Constant node stands for, or false where it has no tensor form.
bool tensor_of_constant(const onnx::NodeProto& node, onnx::TensorProto& tensor) {
  if (node.attribute_size() != 1) return false;
  const auto& attribute = node.attribute(0);
  if (attribute.name() == "value" && attribute.has_t()) {
    tensor = attribute.t();
  } else if (attribute.name() == "value_float") {
    tensor.set_data_type(onnx_type::kFloat);
    tensor.add_float_data(attribute.f());
  } else if (attribute.name() == "value_int") {
    tensor.set_data_type(onnx_type::kInt64);
    tensor.add_int64_data(attribute.i());
  } else if (attribute.name() == "value_floats") {
    tensor.set_data_type(onnx_type::kFloat);
    tensor.add_dims(attribute.floats_size());
    *tensor.mutable_float_data() = attribute.floats();
  } else if (attribute.name() == "value_ints") {
    tensor.set_data_type(onnx_type::kInt64);
    tensor.add_dims(attribute.ints_size());
    *tensor.mutable_int64_data() = attribute.ints();
  } else {
    return false;
  }
  return true;
}

/// Equality of tensors, as bytes: everything but what they are called.
std::string content_of(const onnx::TensorProto& tensor) {
  onnx::TensorProto nameless = tensor;
  nameless.clear_name();
  nameless.clear_doc_string();
  return nameless.SerializeAsString();
}

}  // namespace

int move_constants(onnx::GraphProto& graph) {
  const Names outputs = names_of(graph.output());
  const auto moves = [&](int i) {
    const auto& node = graph.node(i);
    if (!is_op(node, "Constant") || node.output_size() != 1 || outputs.contains(node.output(0))) return false;
    onnx::TensorProto tensor;
    if (!tensor_of_constant(node, tensor)) return false;
    tensor.set_name(node.output(0));
    *graph.add_initializer() = std::move(tensor);
    return true;
  };
  return keep_if(*graph.mutable_node(), [&](int i) { return !moves(i); });
}

int drop_dead_nodes(onnx::GraphProto& graph) {
  if (graph.output_size() == 0) return 0;
  const auto live = live_nodes(graph);
  return keep_if(*graph.mutable_node(), [&](int i) { return live[static_cast<std::size_t>(i)]; });
}

int merge_duplicate_initialisers(onnx::GraphProto& graph) {
  const Names pinned = pinned_names(graph);
  std::unordered_map<std::size_t, std::vector<int>> kept_by_hash;  // hashes, not contents: no second copy of the weights
  Renames renames;
  for (int i = 0; i < graph.initializer_size(); ++i) {
    const auto& tensor = graph.initializer(i);
    if (pinned.contains(tensor.name())) continue;
    const std::string content = content_of(tensor);
    auto& kept = kept_by_hash[std::hash<std::string>{}(content)];
    const auto same = std::find_if(kept.begin(), kept.end(), [&](int other) { return content_of(graph.initializer(other)) == content; });
    if (same == kept.end()) {
      kept.push_back(i);
    } else {
      renames[tensor.name()] = graph.initializer(*same).name();
    }
  }
  rename_reads(graph, renames);
  return keep_if(*graph.mutable_initializer(), [&](int i) { return !renames.contains(graph.initializer(i).name()); });
}

int drop_unused_initialisers(onnx::GraphProto& graph) {
  const Names needed = read_names(graph);
  const int dropped = keep_if(*graph.mutable_initializer(), [&](int i) { return needed.contains(graph.initializer(i).name()); });
  Names present = needed;
  for (const auto& node : graph.node()) present.insert(node.output().begin(), node.output().end());
  keep_if(*graph.mutable_value_info(), [&](int i) { return present.contains(graph.value_info(i).name()); });
  return dropped;
}

int shorten_names(onnx::GraphProto& graph) {
  const Names pinned = pinned_names(graph);
  Names taken = read_names(graph);
  for (const auto& node : graph.node()) taken.insert(node.output().begin(), node.output().end());
  Renames renames;
  int number = 0;
  const auto shorten = [&](std::string& name) {
    if (name.empty() || pinned.contains(name)) return;
    std::string made;
    do made = "v" + std::to_string(number++);
    while (taken.contains(made));
    renames[name] = made;
    name = made;
  };
  for (auto& tensor : *graph.mutable_initializer())
    if (tensor.dims_size() == 0) shorten(*tensor.mutable_name());
  for (auto& node : *graph.mutable_node())
    for (auto& output : *node.mutable_output()) shorten(output);
  rename_reads(graph, renames);
  keep_if(*graph.mutable_value_info(), [&](int i) { return !renames.contains(graph.value_info(i).name()); });
  return static_cast<int>(renames.size());
}

int own_initialisers(onnx::GraphProto& graph) {
  const Names initialisers = names_of(graph.initializer());
  return keep_if(*graph.mutable_input(), [&](int i) { return !initialisers.contains(graph.input(i).name()); });
}

}  // namespace nibble

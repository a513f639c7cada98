// SPDX-License-Identifier: Apache-2.0
#include "export/cleanup_passes.h"

#include <algorithm>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "export/onnx_file.h"
#include "export/onnx_types.h"

namespace nibble {
namespace {

using Names = std::unordered_set<std::string>;

template <class Infos>
Names names_of(const Infos& infos) {
  Names names;
  for (const auto& info : infos) names.insert(info.name());
  return names;
}

/// Bodies of If, Loop and Scan read names of the graph around them.
template <class Node, class Visit>
void for_each_read(Node& node, const Visit& visit) {
  for (int i = 0; i < node.input_size(); ++i) visit(node, i);
  for (int a = 0; a < node.attribute_size(); ++a) {
    if constexpr (std::is_const_v<Node>) {
      if (!node.attribute(a).has_g()) continue;
      for (const auto& inner : node.attribute(a).g().node()) for_each_read(inner, visit);
    } else {
      if (!node.attribute(a).has_g()) continue;
      for (auto& inner : *node.mutable_attribute(a)->mutable_g()->mutable_node()) for_each_read(inner, visit);
    }
  }
}

bool has_body(const onnx::GraphProto& graph) {
  const auto holds = [](const onnx::NodeProto& node) {
    return std::any_of(node.attribute().begin(), node.attribute().end(), [](const auto& attribute) { return attribute.has_g(); });
  };
  return std::any_of(graph.node().begin(), graph.node().end(), holds);
}

Names read_names(const onnx::GraphProto& graph) {
  Names names = names_of(graph.output());
  for (const auto& node : graph.node())
    for_each_read(node, [&](const onnx::NodeProto& reader, int input) { names.insert(reader.input(input)); });
  // A body may hand an outer value out as its own result without any node reading it.
  std::function<void(const onnx::GraphProto&)> add_results = [&](const onnx::GraphProto& body) {
    for (const auto& node : body.node())
      for (const auto& attribute : node.attribute())
        if (attribute.has_g()) {
          names.merge(names_of(attribute.g().output()));
          add_results(attribute.g());
        }
  };
  if (has_body(graph)) add_results(graph);
  return names;
}

using Renames = std::unordered_map<std::string, std::string>;

void rename_reads(onnx::GraphProto& graph, const Renames& renames) {
  for (auto& node : *graph.mutable_node())
    for_each_read(node, [&](onnx::NodeProto& reader, int input) {
      if (const auto found = renames.find(reader.input(input)); found != renames.end()) reader.set_input(input, found->second);
    });
}

template <class Field, class Keep>
int keep_if(Field& field, const Keep& keep) {
  int kept = 0;
  for (int i = 0; i < field.size(); ++i)
    if (keep(i)) field.SwapElements(kept++, i);
  const int dropped = field.size() - kept;
  field.DeleteSubrange(kept, dropped);
  return dropped;
}

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

bool is_plain_identity(const onnx::NodeProto& node) {
  return node.op_type() == "Identity" && node.domain().empty() && node.input_size() == 1 && node.output_size() == 1;
}

/// Lets the producer of `from` write `to` instead; false when `from` has no producing node.
bool rename_result(onnx::GraphProto& graph, const std::string& from, const std::string& to) {
  for (auto& node : *graph.mutable_node())
    for (auto& output : *node.mutable_output())
      if (output == from) {
        output = to;
        rename_reads(graph, {{from, to}});
        return true;
      }
  return false;
}

}  // namespace

int remove_identities(onnx::GraphProto& graph) {
  // Results handed out of a body are read by no node: with bodies in the graph nothing is rewired.
  if (has_body(graph)) return 0;
  const Names outputs = names_of(graph.output());
  std::vector<bool> removed(static_cast<std::size_t>(graph.node_size()), false);
  for (int i = 0; i < graph.node_size(); ++i) {
    auto& node = *graph.mutable_node(i);
    if (!is_plain_identity(node)) continue;
    const std::string from = node.input(0), to = node.output(0);
    if (!outputs.contains(to)) {
      rename_reads(graph, {{to, from}});
    } else {
      node.clear_output();  // its name passes to the producer
      if (outputs.contains(from) || !rename_result(graph, from, to)) {
        node.add_output(to);
        continue;
      }
    }
    removed[static_cast<std::size_t>(i)] = true;
  }
  return keep_if(*graph.mutable_node(), [&](int i) { return !removed[static_cast<std::size_t>(i)]; });
}

int move_constants(onnx::GraphProto& graph) {
  const Names outputs = names_of(graph.output());
  const auto moves = [&](int i) {
    const auto& node = graph.node(i);
    if (node.op_type() != "Constant" || node.output_size() != 1 || outputs.contains(node.output(0))) return false;
    onnx::TensorProto tensor;
    if (!tensor_of_constant(node, tensor)) return false;
    tensor.set_name(node.output(0));
    *graph.add_initializer() = std::move(tensor);
    return true;
  };
  return keep_if(*graph.mutable_node(), [&](int i) { return !moves(i); });
}

std::vector<bool> live_nodes(const onnx::GraphProto& graph) {
  Names needed = names_of(graph.output());
  std::vector<bool> live(static_cast<std::size_t>(graph.node_size()), false);
  for (int i = graph.node_size() - 1; i >= 0; --i) {
    const auto& node = graph.node(i);
    if (std::none_of(node.output().begin(), node.output().end(), [&](const auto& name) { return needed.contains(name); })) continue;
    live[static_cast<std::size_t>(i)] = true;
    for_each_read(node, [&](const onnx::NodeProto& reader, int input) { needed.insert(reader.input(input)); });
  }
  return live;
}

int drop_dead_nodes(onnx::GraphProto& graph) {
  // Which outer values a body hands out is not traced by live_nodes; such graphs are left alone.
  if (graph.output_size() == 0 || has_body(graph)) return 0;
  const auto live = live_nodes(graph);
  return keep_if(*graph.mutable_node(), [&](int i) { return live[static_cast<std::size_t>(i)]; });
}

int merge_duplicate_initialisers(onnx::GraphProto& graph) {
  if (has_body(graph)) return 0;
  Names fixed = names_of(graph.output());
  fixed.merge(names_of(graph.input()));
  std::unordered_map<std::size_t, std::vector<int>> kept_by_hash;  // hashes, not contents: no second copy of the weights
  Renames renames;
  for (int i = 0; i < graph.initializer_size(); ++i) {
    const auto& tensor = graph.initializer(i);
    if (fixed.contains(tensor.name())) continue;
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
  Names needed = read_names(graph);
  needed.merge(names_of(graph.input()));
  const int dropped = keep_if(*graph.mutable_initializer(), [&](int i) { return needed.contains(graph.initializer(i).name()); });
  Names present = needed;
  for (const auto& node : graph.node()) present.insert(node.output().begin(), node.output().end());
  keep_if(*graph.mutable_value_info(), [&](int i) { return present.contains(graph.value_info(i).name()); });
  return dropped;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "export/graph_edit.h"

#include <algorithm>

namespace nibble {
namespace {

void collect_names(const onnx::GraphProto& body, Names& names);

/// Names in the bodies a node carries.
void collect_body_names(const onnx::NodeProto& node, Names& names) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_g()) collect_names(attribute.g(), names);
    for (const auto& body : attribute.graphs()) collect_names(body, names);
  }
}

/// Also names the body defines itself: one that hides an outer name must not lead to a renaming of the outer one.
void collect_names(const onnx::GraphProto& body, Names& names) {
  for (const auto& node : body.node()) {
    names.insert(node.input().begin(), node.input().end());
    names.insert(node.output().begin(), node.output().end());
    collect_body_names(node, names);
  }
  for (const auto& info : body.output()) names.insert(info.name());
}

/// Chains of renames end at a name that is not renamed. A graph with a cycle in it is refused by every runtime, but must
/// not hang here.
std::string resolved(const Renames& renames, std::string name) {
  for (std::size_t steps = 0; steps <= renames.size(); ++steps) {
    const auto found = renames.find(name);
    if (found == renames.end()) break;
    name = found->second;
  }
  return name;
}

}  // namespace

bool is_standard(const onnx::NodeProto& node) { return node.domain().empty() || node.domain() == "ai.onnx"; }
bool is_op(const onnx::NodeProto& node, std::string_view op_type) { return node.op_type() == op_type && is_standard(node); }
std::string input_of(const onnx::NodeProto& node, int index) { return index < node.input_size() ? node.input(index) : std::string(); }

Names names_in_bodies(const onnx::NodeProto& node) {
  Names names;
  collect_body_names(node, names);
  return names;
}

Names pinned_names(const onnx::GraphProto& graph) {
  Names names = names_of(graph.output());
  names.merge(names_of(graph.input()));
  for (const auto& node : graph.node()) collect_body_names(node, names);
  for (const auto& sparse : graph.sparse_initializer()) names.insert(sparse.values().name());
  for (const auto& annotation : graph.quantization_annotation()) {
    names.insert(annotation.tensor_name());
    for (const auto& entry : annotation.quant_parameter_tensor_names()) names.insert(entry.value());
  }
  return names;
}

Names read_names(const onnx::GraphProto& graph) {
  Names names = pinned_names(graph);
  for (const auto& node : graph.node()) names.insert(node.input().begin(), node.input().end());
  return names;
}

void rename_reads(onnx::GraphProto& graph, const Renames& renames) {
  if (renames.empty()) return;
  for (auto& node : *graph.mutable_node())
    for (auto& input : *node.mutable_input()) input = resolved(renames, input);
}

int bypass_nodes(onnx::GraphProto& graph, const std::function<bool(const onnx::NodeProto&)>& hands_through) {
  const Names pinned = pinned_names(graph), outputs = names_of(graph.output());
  std::unordered_map<std::string, std::string*> writers;  // into the nodes' outputs
  Renames renames;
  std::vector<bool> removed(static_cast<std::size_t>(graph.node_size()), false);
  for (int i = 0; i < graph.node_size(); ++i) {
    auto& node = *graph.mutable_node(i);
    if (node.input_size() > 0 && node.output_size() > 0 && !node.output(0).empty() && hands_through(node)) {
      const std::string from = resolved(renames, node.input(0)), to = node.output(0);
      const auto writer = writers.find(from);
      const bool can_hand_over = outputs.contains(to) && !pinned.contains(from) && writer != writers.end();
      if (!pinned.contains(to)) {
        renames[to] = from;
        removed[static_cast<std::size_t>(i)] = true;
      } else if (can_hand_over) {
        *writer->second = to;
        renames[from] = to;
        writers[to] = writer->second;
        removed[static_cast<std::size_t>(i)] = true;
      }
      if (removed[static_cast<std::size_t>(i)]) continue;
    }
    for (auto& output : *node.mutable_output()) writers[output] = &output;
  }
  rename_reads(graph, renames);
  return keep_if(*graph.mutable_node(), [&](int i) { return !removed[static_cast<std::size_t>(i)]; });
}

std::vector<bool> live_nodes(const onnx::GraphProto& graph) {
  Names needed = names_of(graph.output());
  std::vector<bool> live(static_cast<std::size_t>(graph.node_size()), false);
  for (int i = graph.node_size() - 1; i >= 0; --i) {
    const auto& node = graph.node(i);
    const auto is_needed = [&](const std::string& name) { return !name.empty() && needed.contains(name); };
    if (std::none_of(node.output().begin(), node.output().end(), is_needed)) continue;
    live[static_cast<std::size_t>(i)] = true;
    needed.insert(node.input().begin(), node.input().end());
    collect_body_names(node, needed);
  }
  return live;
}

}  // namespace nibble

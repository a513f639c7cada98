// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string_view>

#include "export/cleanup_passes.h"
#include "export/graph_edit.h"
#include "export/onnx_types.h"
#include "export/value_facts.h"

namespace nibble {
namespace {

/// Exactly so many elements; false where an extent is not known.
bool holds(const Shape& shape, std::size_t count) {
  std::size_t product = 1;
  for (const auto extent : shape) {
    if (extent < 0 || (extent > 0 && product > count / static_cast<std::size_t>(extent))) return false;
    product *= static_cast<std::size_t>(extent);
  }
  return product == count;
}

bool is_folded(const onnx::NodeProto& node, const Names& outputs, const ValueFacts& facts) {
  if (!is_standard(node) || node.op_type() == "Constant" || node.output_size() != 1 || outputs.contains(node.output(0))) return false;
  const auto& fact = facts.of(node.output(0));
  const bool fits = fact.ints && fact.shape && fact.type == onnx_type::kInt64;
  return fits && holds(*fact.shape, fact.ints->size());
}

onnx::TensorProto tensor_of(const std::string& name, const ValueFact& fact) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx_type::kInt64);
  for (const auto extent : *fact.shape) tensor.add_dims(extent);
  tensor.set_raw_data(fact.ints->data(), fact.ints->size() * sizeof(std::int64_t));
  return tensor;
}

std::unordered_map<std::string, const onnx::NodeProto*> writers_of(const onnx::GraphProto& graph) {
  std::unordered_map<std::string, const onnx::NodeProto*> writers;
  for (const auto& node : graph.node())
    for (const auto& output : node.output()) writers[output] = &node;
  return writers;
}

/// For each node of `op` behind a node of `op`: `join(second, first)` makes the second read what the first reads.
template <class Join>
int join_pairs(onnx::GraphProto& graph, std::string_view op, const Join& join) {
  const auto writers = writers_of(graph);
  int joined = 0;
  for (auto& node : *graph.mutable_node()) {
    if (!is_op(node, op) || node.input_size() == 0) continue;
    const auto writer = writers.find(node.input(0));
    if (writer == writers.end() || writer->second == &node || !is_op(*writer->second, op) || writer->second->input_size() == 0) continue;
    if (!join(node, *writer->second)) continue;
    node.set_input(0, writer->second->input(0));
    ++joined;
  }
  return joined;
}

/// Operators whose result is not a function of their inputs, or that the dialects need one by one.
constexpr std::array<std::string_view, 10> kKeptApart = {"QuantizeLinear",    "DequantizeLinear", "Clip",        "RandomNormal",
                                                         "RandomUniform",     "Bernoulli",        "Multinomial", "RandomNormalLike",
                                                         "RandomUniformLike", "Dropout"};

/// What a runtime fuses with the quantisers around it: with one behind it, so that a merged node, which two read, would stay float.
bool computes_on_codes(const onnx::NodeProto& node, const Names& dequantised) {
  return node.input_size() > 0 &&
         std::all_of(node.input().begin(), node.input().end(), [&](const auto& name) { return dequantised.contains(name); });
}

bool may_merge(const onnx::NodeProto& node, const Names& pinned, const Names& dequantised) {
  if (!is_standard(node) || node.output_size() == 0 || computes_on_codes(node, dequantised)) return false;
  if (std::find(kKeptApart.begin(), kKeptApart.end(), node.op_type()) != kKeptApart.end()) return false;
  if (std::any_of(node.output().begin(), node.output().end(), [&](const auto& name) { return pinned.contains(name); })) return false;
  return std::none_of(node.attribute().begin(), node.attribute().end(),
                      [](const auto& attribute) { return attribute.has_g() || attribute.graphs_size() > 0; });
}

/// Operator, inputs, attributes and the number of results; not names.
std::string content_of(const onnx::NodeProto& node) {
  onnx::NodeProto content = node;
  content.clear_name();
  content.clear_doc_string();
  for (auto& output : *content.mutable_output()) output = output.empty() ? "" : "y";
  return content.SerializeAsString();
}

}  // namespace

int fold_shape_arithmetic(onnx::GraphProto& graph) {
  const ValueFacts facts(graph);
  const Names outputs = names_of(graph.output());
  std::vector<onnx::TensorProto> made;
  const int folded = keep_if(*graph.mutable_node(), [&](int i) {
    const auto& node = graph.node(i);
    if (!is_folded(node, outputs, facts)) return true;
    made.push_back(tensor_of(node.output(0), facts.of(node.output(0))));
    return false;
  });
  for (auto& tensor : made) *graph.add_initializer() = std::move(tensor);
  return folded;
}

int join_transposes(onnx::GraphProto& graph) {
  return join_pairs(graph, "Transpose", [](onnx::NodeProto& second, const onnx::NodeProto& first) {
    const auto *inner = find_attribute(first, "perm"), *outer = find_attribute(second, "perm");
    if (!inner || !outer || inner->ints_size() != outer->ints_size()) return false;
    std::vector<std::int64_t> composed;
    for (const auto axis : outer->ints()) {
      if (axis < 0 || axis >= inner->ints_size()) return false;
      composed.push_back(inner->ints(static_cast<int>(axis)));
    }
    for (auto& attribute : *second.mutable_attribute())
      if (attribute.name() == "perm") attribute.mutable_ints()->Assign(composed.begin(), composed.end());
    return true;
  });
}

int join_reshapes(onnx::GraphProto& graph) {
  const ValueFacts facts(graph);
  return join_pairs(graph, "Reshape", [&](onnx::NodeProto& second, const onnx::NodeProto&) {
    const auto& wanted = facts.of(input_of(second, 1)).ints;
    return wanted && std::none_of(wanted->begin(), wanted->end(), [](auto extent) { return extent == 0; });
  });
}

int merge_equal_nodes(onnx::GraphProto& graph) {
  const Names pinned = pinned_names(graph);
  Names dequantised;
  for (const auto& node : graph.node())
    if (is_op(node, "DequantizeLinear") && node.output_size() > 0) dequantised.insert(node.output(0));
  std::unordered_map<std::string, const onnx::NodeProto*> seen;
  Renames renames;
  const auto is_new = [&](int i) {
    auto& node = *graph.mutable_node(i);
    for (auto& input : *node.mutable_input())
      if (const auto found = renames.find(input); found != renames.end()) input = found->second;
    if (!may_merge(node, pinned, dequantised)) return true;
    const auto [first, inserted] = seen.emplace(content_of(node), &node);
    if (inserted) return true;
    for (int k = 0; k < node.output_size(); ++k) renames[node.output(k)] = first->second->output(k);
    return false;
  };
  return keep_if(*graph.mutable_node(), is_new);
}

}  // namespace nibble

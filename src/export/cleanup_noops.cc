// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <string_view>

#include "export/cleanup_passes.h"
#include "export/constant_eval.h"
#include "export/graph_edit.h"
#include "export/onnx_types.h"
#include "export/unpack_chain.h"
#include "export/value_facts.h"

namespace nibble {
namespace {

using Node = onnx::NodeProto;
using Test = std::function<bool(const Node&, const ValueFacts&)>;

/// Bypasses the nodes of these operators that pass the test.
template <std::size_t N>
int remove_where(onnx::GraphProto& graph, const std::array<std::string_view, N>& ops, const Test& test) {
  const auto is_candidate = [&](const Node& node) {
    return std::find(ops.begin(), ops.end(), node.op_type()) != ops.end() && is_standard(node) && node.output_size() > 0;
  };
  if (std::none_of(graph.node().begin(), graph.node().end(), is_candidate)) return 0;
  const ValueFacts facts(graph);  // by the names of now; bypass_nodes renames when all nodes have been asked
  return bypass_nodes(graph, [&](const Node& node) {
    return is_candidate(node) &&
           std::all_of(node.output().begin() + 1, node.output().end(), [](const auto& name) { return name.empty(); }) && test(node, facts);
  });
}

bool has_single_input(const Node& node) { return node.input_size() == 1; }

bool is_inference(const Node& node, const ValueFacts& facts) {
  const std::string training = input_of(node, 2);
  if (training.empty()) return true;
  const auto* value = facts.constant(training);
  return value && value->data_type() == onnx_type::kBool &&
         (value->has_raw_data() ? value->raw_data() == std::string(1, '\0') : value->int32_data_size() == 1 && value->int32_data(0) == 0);
}

bool casts_to_its_own_type(const Node& node, const ValueFacts& facts) {
  const auto type = facts.of(node.input(0)).type;
  return type != 0 && type == int_attribute(node, "to", 0);
}

bool copies_every_extent(const Node& node, const ValueFacts& facts) {
  const auto& wanted = facts.of(input_of(node, 1)).ints;
  const auto& shape = facts.of(node.input(0)).shape;
  return node.op_type() == "Reshape" && wanted && shape && wanted->size() == shape->size() && int_attribute(node, "allowzero", 0) == 0 &&
         std::all_of(wanted->begin(), wanted->end(), [](auto extent) { return extent == 0; });
}

bool keeps_shape(const Node& node, const ValueFacts& facts) {
  if (copies_every_extent(node, facts)) return true;
  return facts.has_full_shape(node.input(0)) && facts.has_full_shape(node.output(0)) &&
         facts.of(node.input(0)).shape == facts.of(node.output(0)).shape;
}

bool keeps_axes(const Node& node, const ValueFacts&) {
  const auto* perm = find_attribute(node, "perm");
  if (!perm || perm->ints_size() == 0) return false;
  for (int i = 0; i < perm->ints_size(); ++i)
    if (perm->ints(i) != i) return false;
  return true;
}

/// Input form (opset 10 and later); the attributes before that are left alone.
bool takes_everything(const Node& node, const ValueFacts& facts) {
  const auto &starts = facts.of(input_of(node, 1)).ints, &ends = facts.of(input_of(node, 2)).ints;
  if (!starts || !ends || starts->size() != ends->size()) return false;
  const std::string axes_name = input_of(node, 3), steps_name = input_of(node, 4);
  const auto &axes = facts.of(axes_name).ints, &steps = facts.of(steps_name).ints;
  if ((!axes_name.empty() && (!axes || axes->size() != starts->size())) || (!steps_name.empty() && !steps)) return false;
  if (steps && std::any_of(steps->begin(), steps->end(), [](auto step) { return step != 1; })) return false;
  const auto& shape = facts.of(node.input(0)).shape;
  for (std::size_t i = 0; i < starts->size(); ++i) {
    if ((*starts)[i] != 0) return false;
    if ((*ends)[i] >= std::numeric_limits<std::int32_t>::max()) continue;
    auto axis = axes ? (*axes)[i] : static_cast<std::int64_t>(i);
    if (axis < 0 && shape) axis += static_cast<std::int64_t>(shape->size());
    if (!shape || axis < 0 || axis >= static_cast<std::int64_t>(shape->size())) return false;
    const auto extent = (*shape)[static_cast<std::size_t>(axis)];
    if (extent < 0 || (*ends)[i] < extent) return false;
  }
  return true;
}

bool pads_nothing(const Node& node, const ValueFacts& facts) {
  const auto& pads = facts.of(input_of(node, 1)).ints;
  return pads && std::all_of(pads->begin(), pads->end(), [](auto pad) { return pad == 0; });
}

/// The value of a constant of one element that cannot widen x; nothing otherwise.
std::optional<double> unit_constant(const Node& node, const ValueFacts& facts) {
  const auto* tensor = node.input_size() == 2 ? facts.constant(node.input(1)) : nullptr;
  if (!tensor || is_external(*tensor) || count_of(shape_of(*tensor, tensor->name())) != 1) return std::nullopt;
  const auto& shape = facts.of(node.input(0)).shape;
  if (tensor->dims_size() > 0 && (!shape || static_cast<int>(shape->size()) < tensor->dims_size())) return std::nullopt;
  if (const auto& ints = facts.of(node.input(1)).ints) return static_cast<double>(ints->front());
  const auto type = tensor->data_type();
  if (type != onnx_type::kFloat && type != onnx_type::kFloat16 && type != onnx_type::kDouble) return std::nullopt;
  return elements_of(*tensor).front();
}

bool changes_nothing(const Node& node, const ValueFacts& facts) {
  const auto unit = unit_constant(node, facts);
  if (!unit) return false;
  if (node.op_type() == "Mul" || node.op_type() == "Div") return *unit == 1;
  return *unit == 0 && facts.of(node.input(1)).ints.has_value();
}

struct CodeRange {
  double low, high;
};
std::optional<CodeRange> range_of(std::int32_t type) {
  switch (type) {
    case onnx_type::kInt8: return CodeRange{-128, 127};
    case onnx_type::kUint8: return CodeRange{0, 255};
    case onnx_type::kInt16: return CodeRange{-32768, 32767};
    case onnx_type::kUint16: return CodeRange{0, 65535};
    case onnx_type::kInt32: return CodeRange{-2147483648.0, 2147483647.0};
    default: return std::nullopt;
  }
}

/// A bound that is absent, or a constant at the end of the type.
bool is_bound_at(const std::string& name, double end, const ValueFacts& facts) {
  if (name.empty()) return true;
  const auto* tensor = facts.constant(name);
  if (!tensor || is_external(*tensor) || count_of(shape_of(*tensor, tensor->name())) != 1) return false;
  if (const auto type = tensor->data_type(); !range_of(type)) return false;
  return elements_of(*tensor).front() == end;
}

bool clips_nothing(const Node& node, const ValueFacts& facts) {
  if (find_attribute(node, "min") || find_attribute(node, "max")) return false;  // before opset 11
  // Of floats a missing bound is the largest finite number: infinities are clipped.
  const auto range = range_of(facts.of(node.input(0)).type);
  return range && is_bound_at(input_of(node, 1), range->low, facts) && is_bound_at(input_of(node, 2), range->high, facts);
}

using Ops = std::string_view;

/// What the nodes give that decode packed weights. They stay even where they change nothing, as a scale of 1 does: without them the weight
/// would not be known as packed any more.
Names values_of_decoders(const onnx::GraphProto& graph) {
  const OnnxIndex index(graph);
  Names values;
  for (const auto& chain : find_unpack_chains(graph, index))
    for (const auto* node : chain.nodes) values.insert(node->output(0));
  return values;
}

}  // namespace

int remove_identities(onnx::GraphProto& graph) {
  return remove_where(graph, std::array<Ops, 1>{"Identity"}, [](const Node& node, const ValueFacts&) { return has_single_input(node); });
}
int remove_dropouts(onnx::GraphProto& graph) { return remove_where(graph, std::array<Ops, 1>{"Dropout"}, is_inference); }
int remove_noop_casts(onnx::GraphProto& graph) { return remove_where(graph, std::array<Ops, 1>{"Cast"}, casts_to_its_own_type); }
int remove_noop_reshapes(onnx::GraphProto& graph) {
  const Names decoders = values_of_decoders(graph);
  return remove_where(graph, std::array<Ops, 3>{"Reshape", "Flatten", "Expand"}, [&decoders](const Node& node, const ValueFacts& facts) {
    return !decoders.contains(node.output(0)) && keeps_shape(node, facts);
  });
}
int remove_noop_transposes(onnx::GraphProto& graph) { return remove_where(graph, std::array<Ops, 1>{"Transpose"}, keeps_axes); }
int remove_noop_slices(onnx::GraphProto& graph) { return remove_where(graph, std::array<Ops, 1>{"Slice"}, takes_everything); }
int remove_noop_pads(onnx::GraphProto& graph) { return remove_where(graph, std::array<Ops, 1>{"Pad"}, pads_nothing); }
int remove_noop_joins(onnx::GraphProto& graph) {
  return remove_where(graph, std::array<Ops, 6>{"Concat", "Sum", "Max", "Min", "Mean", "Split"}, [](const Node& node, const ValueFacts&) {
    return node.op_type() == "Split" ? node.output_size() == 1 : has_single_input(node);
  });
}
int remove_noop_arithmetic(onnx::GraphProto& graph) {
  const Names decoders = values_of_decoders(graph);
  return remove_where(graph, std::array<Ops, 4>{"Mul", "Div", "Add", "Sub"}, [&decoders](const Node& node, const ValueFacts& facts) {
    return !decoders.contains(node.output(0)) && changes_nothing(node, facts);
  });
}
int remove_full_range_clips(onnx::GraphProto& graph) { return remove_where(graph, std::array<Ops, 1>{"Clip"}, clips_nothing); }

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "graph/rewrites.h"
#include "nibble/error.h"

namespace nibble {

namespace {

bool is_floating(DType dtype) { return dtype == DType::f32 || dtype == DType::f16; }

/// A weight that does not fit would become infinite without a word.
Tensor halved(const Value& value) {
  Tensor half = value.constant->to(DType::f16);
  const auto before = value.constant->as<float>();
  const auto after = half.as<Half>();
  for (std::size_t i = 0; i < before.size(); ++i)
    if (std::isfinite(before[i]) && !std::isfinite(to_float(after[i])))
      throw Error(ErrorKind::numeric,
                  fmt::format("FP16: constant '{}': {} at element {} is beyond 65504; keep this model in FP32", value.name, before[i], i));
  return half;
}

/// Rebuilds the graph node by node; a value may come to exist in both precisions.
class HalfBuilder {
 public:
  HalfBuilder(const Graph& source, DType io) : source_(source), io_(io) {}

  Rewritten build() {
    find_float_values();
    for (const auto id : source_.inputs) {
      const auto& value = source_.value(id);
      const auto dtype = boundary_dtype(value);
      remember(id, dtype, result_.graph.add_input(value.name, value.shape, dtype));
    }
    for (const auto& node : source_.nodes) append(node);
    for (const auto id : source_.outputs) result_.graph.outputs.push_back(output(id));
    return std::move(result_);
  }

 private:
  /// f32 results: of nodes with a float_reason and of everything behind them.
  void find_float_values() {
    stays_float_.assign(source_.values.size(), false);
    for (const auto& node : source_.nodes) {
      const bool behind = std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) { return stays_float(id); });
      if (node.float_reason.empty() && !behind) continue;
      for (const auto id : node.outputs) stays_float_[static_cast<std::size_t>(id)] = true;
    }
  }
  /// Of inputs and outputs.
  DType boundary_dtype(const Value& value) const { return is_floating(value.dtype) ? io_ : value.dtype; }
  bool stays_float(ValueId id) const { return stays_float_[static_cast<std::size_t>(id)]; }
  void remember(ValueId id, DType dtype, ValueId made) { made_[{id, dtype}] = made; }

  /// The id of source value `id` in precision `dtype` (ignored for integers); made at the first call.
  ValueId get(ValueId id, DType dtype) {
    const auto& value = source_.value(id);
    if (!is_floating(value.dtype)) dtype = value.dtype;
    if (const auto found = made_.find({id, dtype}); found != made_.end()) return found->second;
    const auto made = value.constant ? constant(id, dtype) : cast(id, dtype);
    remember(id, dtype, made);
    return made;
  }
  ValueId constant(ValueId id, DType dtype) {
    Value value = source_.value(id);
    if (made_.contains({id, DType::f32}) || made_.contains({id, DType::f16})) value.name += fmt::format("_{}", name_of(dtype));
    if (!value.quant && value.dtype == DType::f32 && dtype == DType::f16) value.constant = halved(value);
    value.dtype = dtype;
    result_.graph.values.push_back(std::move(value));
    return static_cast<ValueId>(result_.graph.values.size() - 1);
  }
  ValueId cast(ValueId id, DType to) {
    const auto from = made_.at({id, to == DType::f16 ? DType::f32 : DType::f16});
    return result_.graph.add(fmt::format("{}_to_{}", source_.value(id).name, name_of(to)), op::Cast{to}, {from});
  }

  void append(const Node& node) {
    if (std::holds_alternative<op::QuantizeDequantize>(node.op))
      throw Error(ErrorKind::unsupported, fmt::format("FP16: node '{}': quantised activations have no FP16 form; use a recipe with float "
                                                      "activations (w4a16, w8a16)",
                                                      node.name));
    const auto precision = stays_float(node.outputs.at(0)) ? DType::f32 : DType::f16;
    std::vector<ValueId> inputs;
    for (const auto id : node.inputs) inputs.push_back(get(id, precision));
    const auto outputs = result_.graph.add_node(node.name, node.op, std::move(inputs), node.float_reason);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      result_.graph.value(outputs[i]).name = source_.value(node.outputs[i]).name;
      remember(node.outputs[i], result_.graph.value(outputs[i]).dtype, outputs[i]);
    }
    if (precision == DType::f16) ++result_.applied;
  }

  /// A graph output keeps its name; what it is cast from gives the name up.
  ValueId output(ValueId id) {
    const auto& value = source_.value(id);
    const auto made = get(id, boundary_dtype(value));
    auto& named = result_.graph.value(made);
    if (named.name == value.name) return made;
    const auto from = named.dtype == DType::f16 ? DType::f32 : DType::f16;
    result_.graph.value(made_.at({id, from})).name = fmt::format("{}_{}", value.name, name_of(from));
    named.name = value.name;
    return made;
  }

  const Graph& source_;
  DType io_;
  Rewritten result_;
  std::vector<bool> stays_float_;
  std::map<std::pair<ValueId, DType>, ValueId> made_;
};

}  // namespace

Rewritten to_half(const Graph& graph, DType io) {
  auto result = HalfBuilder(graph, io).build();
  verify(result.graph);
  return result;
}

}  // namespace nibble

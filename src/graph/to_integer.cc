// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <tuple>

#include "graph/edit.h"
#include "graph/rewrites.h"
#include "graph/weight_steps.h"
#include "nibble/error.h"

namespace nibble {

namespace {

/// Fewer, as in the convolution on the image, and packing the patches costs more than integers save.
constexpr std::int64_t kMinInputChannels = 8;
constexpr int kSignedToUnsigned = 128;
constexpr double kLargestInput = 255;  ///< codes of 8 bits, less their zero point

const QuantParams* quantiser_of(const Graph& graph, const std::vector<std::int32_t>& producers, ValueId id) {
  const auto index = producers[static_cast<std::size_t>(id)];
  if (index < 0) return nullptr;
  const auto* node = std::get_if<op::QuantizeDequantize>(&graph.nodes[static_cast<std::size_t>(index)].op);
  return node ? &node->params : nullptr;
}

bool is_signed_byte(const QuantParams& params) {
  return params.spec.bits == 8 && params.spec.is_signed && !params.spec.narrow && params.spec.granularity == Granularity::tensor;
}

/// Operators that give out numbers as they came in, so that quantising first gives the same codes.
bool moves_values(const Op& op) {
  return std::holds_alternative<op::Concat>(op) || std::holds_alternative<op::MaxPool>(op) || std::holds_alternative<op::ResizeNearest>(op);
}

bool has_integer_form(const Value& weight, const op::Conv& conv) {
  if (!weight.quant || !weight.quant->spec.is_signed || weight.quant->spec.granularity == Granularity::block) return false;
  // Kernels take signed bytes without a zero point.
  return steps_fit_bytes(*weight.quant) && (conv.groups > 1 || weight.shape[1] >= kMinInputChannels);
}

/// How far from 0 each output's sum of products can get, in accumulator steps: an input code is at most 255 from its zero point.
std::vector<double> largest_sums(const Value& weight) {
  const auto codes = weight.constant->as<std::int8_t>();
  const auto zero_points = weight.quant->zero_point.as<std::int8_t>();
  std::vector<double> sums(static_cast<std::size_t>(weight.shape[0]), 0);
  const std::size_t row = codes.size() / sums.size();
  for (std::size_t i = 0; i < codes.size(); ++i)
    sums[i / row] += kLargestInput * std::abs(codes[i] - zero_points[zero_points.size() == 1 ? 0 : i / row]);
  return sums;
}

/// The bias on the accumulator's grid, step = weight scale * input scale in float32 (twin.cc says how exact that is); nothing when
/// bias and sum of products together do not fit 32 bits, because then the kernel's sum would wrap around.
std::optional<Value> accumulator_bias(const Value& bias, const Value& weight, float input_scale) {
  const auto reals = bias.constant->as<float>();
  const auto weight_scales = weight.quant->scale.as<float>();
  const auto sums = largest_sums(weight);
  std::vector<float> steps;
  for (const float scale : weight_scales) steps.push_back(scale * input_scale);
  std::vector<std::int32_t> codes;
  for (std::size_t i = 0; i < reals.size(); ++i) {
    const double code = std::nearbyint(static_cast<double>(reals[i]) / static_cast<double>(steps[steps.size() == 1 ? 0 : i]));
    if (!(std::abs(code) + sums[i] < std::numeric_limits<std::int32_t>::max())) return std::nullopt;
    codes.push_back(static_cast<std::int32_t>(code));
  }
  Value made = bias;
  made.constant = Tensor::of<std::int32_t>(bias.shape, std::move(codes));
  QuantSpec spec{.bits = 32};
  spec.granularity = weight.quant->spec.granularity;
  const Tensor zero_points = Tensor::of<std::int8_t>(weight.quant->scale.shape(), std::vector<std::int8_t>(steps.size(), 0));
  made.quant = QuantParams{spec, Tensor::of<float>(weight.quant->scale.shape(), std::move(steps)), zero_points};
  return made;
}

/// What a convolution on integers needs besides its codes.
struct Lowering {
  std::optional<Value> bias;
  std::optional<std::size_t> silu;  ///< the node behind it; without one, quantisers read the result directly
};

/// Looks at a graph; changes nothing.
class Survey {
 public:
  explicit Survey(const Graph& graph) : graph_(graph), uses_(count_uses(graph)), producers_(producers_by_value(graph)) {}

  std::optional<Lowering> lowering_of(const Node& node) const {
    const auto* conv = std::get_if<op::Conv>(&node.op);
    if (!conv || !node.float_reason.empty() || !has_integer_form(graph_.value(node.inputs[1]), *conv)) return std::nullopt;
    const auto* input = quantiser_of(graph_, producers_, node.inputs[0]);
    if (!input || !is_signed_byte(*input)) return std::nullopt;
    Lowering lowering;
    if (node.inputs.size() > 2) {
      lowering.bias = accumulator_bias(graph_.value(node.inputs[2]), graph_.value(node.inputs[1]), input->scale.as<float>()[0]);
      if (!lowering.bias) return std::nullopt;
    }
    const auto readers = consumers_of(graph_, node.outputs[0]);
    if (readers.empty() || uses_[static_cast<std::size_t>(node.outputs[0])] != static_cast<int>(readers.size())) return std::nullopt;
    if (readers.size() == 1 && std::holds_alternative<op::Silu>(graph_.nodes[readers[0]].op)) {
      lowering.silu = readers[0];
      return lowering;
    }
    return one_quantiser(readers) ? std::optional(lowering) : std::nullopt;
  }

  int uses_of(ValueId id) const { return uses_[static_cast<std::size_t>(id)]; }
  const Node* producer_of(ValueId id) const {
    const auto index = producers_[static_cast<std::size_t>(id)];
    return index < 0 ? nullptr : &graph_.nodes[static_cast<std::size_t>(index)];
  }
  /// The Split that alone reads the SiLU; nullptr where there is none.
  const Node* split_behind(const Node& silu) const {
    const auto readers = consumers_of(graph_, silu.outputs[0]);
    if (readers.size() != 1 || uses_of(silu.outputs[0]) != 1) return nullptr;
    const Node& reader = graph_.nodes[readers[0]];
    return std::holds_alternative<op::Split>(reader.op) ? &reader : nullptr;
  }

 private:
  /// All readers give the same codes.
  bool one_quantiser(const std::vector<std::size_t>& readers) const {
    const auto* first = std::get_if<op::QuantizeDequantize>(&graph_.nodes[readers[0]].op);
    return first && std::all_of(readers.begin(), readers.end(), [&](std::size_t reader) {
             const auto* other = std::get_if<op::QuantizeDequantize>(&graph_.nodes[reader].op);
             return other && identical(other->params.scale, first->params.scale) &&
                    identical(other->params.zero_point, first->params.zero_point) && other->params.spec == first->params.spec;
           });
  }

  const Graph& graph_;
  std::vector<int> uses_;
  std::vector<std::int32_t> producers_;
};

/// Of unsigned bytes.
struct Grid {
  float scale;
  int zero_point;
};

QuantParams unsigned_byte(const Grid& grid) {
  return {{.bits = 8, .is_signed = false}, Tensor::scalar(grid.scale), Tensor::scalar(static_cast<std::uint8_t>(grid.zero_point))};
}

/// A SiLU on codes: the dequantised factors of its product.
struct Product {
  std::string name;
  ValueId x, gate;
};

/// Zero becomes a code of its own, so that padding is exact.
QuantParams output_quantiser(const OutputRange& range, const std::string& node) {
  if (!std::isfinite(range.low) || !std::isfinite(range.high) || range.low > 0 || range.high < 0 || range.low == range.high)
    throw Error(ErrorKind::numeric, fmt::format("integer form: {}: the range of its output is {}..{}; it should be finite and span 0", node,
                                                range.low, range.high));
  const float scale = (range.high - range.low) / 255;
  return unsigned_byte({scale, static_cast<int>(std::nearbyint(-range.low / scale))});
}

/// Rebuilds the graph node by node.
class IntegerBuilder {
 public:
  IntegerBuilder(const Graph& source, const std::map<std::string, OutputRange>& ranges)
      : source_(source), ranges_(ranges), survey_(source) {}

  Rewritten build() {
    for (const auto id : source_.inputs) {
      const auto& value = source_.value(id);
      made_[id] = result_.graph.add_input(value.name, value.shape, value.dtype);
    }
    for (std::size_t i = 0; i < source_.nodes.size(); ++i) append(i);
    for (const auto id : source_.outputs) result_.graph.outputs.push_back(get(id));
    result_.graph = without_dead_nodes(result_.graph);  // what moved numbers that only quantisers read
    return std::move(result_);
  }

 private:
  void append(std::size_t index) {
    const auto& node = source_.nodes[index];
    if (made_.contains(node.outputs[0])) return;  // a SiLU and its Split, made behind its convolution
    if (std::holds_alternative<op::QuantizeDequantize>(node.op)) {
      append_quantiser(node);
    } else if (const auto lowering = survey_.lowering_of(node)) {
      append_conv(node, *lowering);
    } else {
      copy(node);
    }
  }

  void append_quantiser(const Node& node) {
    const auto& params = std::get<op::QuantizeDequantize>(node.op).params;
    if (!is_signed_byte(params)) return copy(node);
    const Grid grid{params.scale.as<float>()[0], params.zero_point.as<std::int8_t>()[0] + kSignedToUnsigned};
    auto& shared = codes_[{node.inputs[0], grid.scale, grid.zero_point}];
    if (!shared)
      shared = add_as(node.name, op::QuantizeDequantize{unsigned_byte(grid)}, {before_quantiser(node.inputs[0], grid)}, node.outputs[0]);
    made_[node.outputs[0]] = *shared;
  }

  /// The value as a quantiser reads it: what moves values moves codes of the same grid, and each quantiser behind a SiLU has a product of
  /// its own, because runtimes fuse a product with one quantiser only.
  ValueId before_quantiser(ValueId source, const Grid& grid) {
    if (const auto silu = products_.find(source); silu != products_.end() && survey_.uses_of(source) > 1)
      return add_copy(silu->second.name, op::Mul{}, {silu->second.x, silu->second.gate});
    const auto* maker = survey_.producer_of(source);
    if (!maker || !moves_values(maker->op)) return get(source);
    std::vector<ValueId> inputs;
    for (const auto id : maker->inputs) inputs.push_back(quantised(id, grid));
    return add_copy(maker->name, maker->op, std::move(inputs));
  }

  ValueId quantised(ValueId source, const Grid& grid) {
    auto& shared = codes_[{source, grid.scale, grid.zero_point}];
    if (!shared)
      shared =
          add_copy(source_.value(source).name + ".quant", op::QuantizeDequantize{unsigned_byte(grid)}, {before_quantiser(source, grid)});
    return *shared;
  }

  void append_conv(const Node& node, const Lowering& lowering) {
    std::vector<ValueId> inputs{get(node.inputs[0]), get(node.inputs[1])};
    if (lowering.bias) inputs.push_back(add_value(*lowering.bias));
    const auto output = add_as(node.name, node.op, std::move(inputs), node.outputs[0]);
    made_[node.outputs[0]] = output;
    ++result_.applied;
    if (lowering.silu) append_silu(node, source_.nodes[*lowering.silu]);
  }

  void append_silu(const Node& conv, const Node& silu) {
    const auto range = ranges_.find(conv.name);
    if (range == ranges_.end())
      throw Error(ErrorKind::internal, fmt::format("integer form: {}: nobody observed the range of its output", conv.name));
    const op::QuantizeDequantize quantise{output_quantiser(range->second, conv.name)};
    const auto x = result_.graph.add(conv.name + ".output_quant", quantise, {made_.at(conv.outputs[0])});
    const auto* split = survey_.split_behind(silu);
    if (!split) return append_product(silu.name, x, silu.outputs[0]);
    const auto parts = result_.graph.add_node(split->name + ".codes", split->op, {x});
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto name = fmt::format("{}.{}", silu.name, i);
      append_product(name, result_.graph.add(name + ".part_quant", quantise, {parts[i]}), split->outputs[i]);
    }
  }

  /// x * sigma(x) of codes, as the source's value.
  void append_product(const std::string& name, ValueId x, ValueId source_output) {
    const auto gate = result_.graph.add(name + ".gate", op::Sigmoid{}, {x});
    // 1 / 255: that 1 has a code matters, large inputs would fade otherwise.
    const op::QuantizeDequantize unit{unsigned_byte({1.0F / 255, 0})};
    const auto gate_codes = result_.graph.add(name + ".gate_quant", unit, {gate});
    made_[source_output] = add_as(name, op::Mul{}, {x, gate_codes}, source_output);
    products_[source_output] = {name, x, gate_codes};
  }

  void copy(const Node& node) {
    std::vector<ValueId> inputs;
    for (const auto id : node.inputs) inputs.push_back(get(id));
    const auto outputs = result_.graph.add_node(node.name, node.op, std::move(inputs), node.float_reason);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      result_.graph.value(outputs[i]).name = source_.value(node.outputs[i]).name;
      made_[node.outputs[i]] = outputs[i];
    }
  }

  /// Of a node or value that may be made for several grids: each gets a name of its own.
  ValueId add_copy(const std::string& name, const Op& op, std::vector<ValueId> inputs) {
    return result_.graph.add(fmt::format("{}.{}", name, ++copies_[name]), op, std::move(inputs));
  }
  ValueId add_as(const std::string& name, const Op& op, std::vector<ValueId> inputs, ValueId source_output) {
    const auto id = result_.graph.add(name, op, std::move(inputs));
    result_.graph.value(id).name = source_.value(source_output).name;
    return id;
  }
  ValueId add_value(Value value) {
    result_.graph.values.push_back(std::move(value));
    return static_cast<ValueId>(result_.graph.values.size() - 1);
  }

  ValueId get(ValueId id) {
    if (const auto found = made_.find(id); found != made_.end()) return found->second;
    return made_[id] = add_value(source_.value(id));
  }

  const Graph& source_;
  const std::map<std::string, OutputRange>& ranges_;
  Survey survey_;
  Rewritten result_;
  std::map<ValueId, ValueId> made_;
  std::map<std::tuple<ValueId, float, int>, std::optional<ValueId>> codes_;  ///< by value of the source, scale and zero point
  std::map<ValueId, Product> products_;                                      ///< by value of the source
  std::map<std::string, int> copies_;                                        ///< by name of what was made again
};

}  // namespace

std::vector<std::string> integer_silu_convs(const Graph& graph) {
  const Survey survey(graph);
  std::vector<std::string> names;
  for (const auto& node : graph.nodes)
    if (const auto lowering = survey.lowering_of(node); lowering && lowering->silu) names.push_back(node.name);
  return names;
}

Rewritten to_integer(const Graph& graph, const std::map<std::string, OutputRange>& ranges) {
  auto result = IntegerBuilder(graph, ranges).build();
  verify(result.graph);
  return result;
}

}  // namespace nibble

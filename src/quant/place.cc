// SPDX-License-Identifier: Apache-2.0
#include "quant/place.h"

#include <fmt/format.h>

#include "graph/edit.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr int kByte = 8;  // codes less a zero point would not fit integer kernels, and there is nothing to gain

constexpr std::int64_t kShortestTrellisRow = 32;  // weights; the first ones of a row have no symbols before them to vary their levels

/// Whether the recipe wants a trellis here, which a row of so few weights does not profit from.
bool is_too_short_for_trellis(const WeightRecipe& recipe, const Shape& weight) {
  return recipe.code == WeightCode::trellis && count_of(weight) / weight[0] < kShortestTrellisRow;
}

/// ONNX blocks run along axis 1, which a depthwise weight has only once; such layers get a scale per channel.
QuantSpec weight_spec(const WeightRecipe& recipe, const Shape& weight, int bits) {
  if (recipe.code == WeightCode::trellis && is_symbol_width(bits) && !is_too_short_for_trellis(recipe, weight))
    return {.bits = kByte, .granularity = Granularity::channel, .trellis = {.bits = bits}};
  QuantSpec spec{.bits = bits, .is_signed = true, .narrow = recipe.narrow, .granularity = recipe.granularity, .block = 0};
  if (recipe.granularity != Granularity::block) return spec;
  if (weight[1] <= recipe.block)
    spec.granularity = Granularity::channel;
  else
    spec.block = recipe.block;
  return spec;
}

void reduce_range(QuantSpec& spec) {
  spec.reduce_range = true;
  if (spec.trellis) spec.trellis.largest = kLargestOfReducedRange;
}

const LayerRule* rule_for(const Recipe& recipe, const std::string& name) {
  for (const LayerRule& rule : recipe.rules)
    if (matches(rule.match, name)) return &rule;
  return nullptr;
}

bool moves_values_only(const Op& op) {
  return std::holds_alternative<op::Reshape>(op) || std::holds_alternative<op::Transpose>(op) || std::holds_alternative<op::Split>(op) ||
         std::holds_alternative<op::Unsqueeze>(op) || std::holds_alternative<op::MaxPool>(op) ||
         std::holds_alternative<op::ResizeNearest>(op);
}

/// With nothing computed in between. Where activations are quantised, runtimes fuse such a convolution and the quantisers around
/// it into one kernel on integers, whose weights must have zero point 0.
bool feeds_convolution(const Graph& graph, const Node& node) {
  for (const ValueId value : node.outputs)
    for (const std::size_t reader : consumers_of(graph, value)) {
      const Node& next = graph.nodes[reader];
      if (std::holds_alternative<op::Conv>(next.op) && next.float_reason.empty()) return true;
      if (moves_values_only(next.op) && feeds_convolution(graph, next)) return true;
    }
  return false;
}

void decide_symmetry(const Graph& graph, const Recipe& recipe, LayerPlan& plan) {
  plan.symmetric = recipe.weights.symmetric || plan.weight->bits == kByte || (plan.activation && plan.weight->bits == kReducedBits);
  if (plan.symmetric || !plan.activation || !feeds_convolution(graph, graph.nodes[plan.node])) return;
  plan.symmetric = true;
  plan.note += fmt::format("{}zero point 0: its result goes straight into a convolution", plan.note.empty() ? "" : "; ");
}

LayerPlan plan_layer(const Graph& graph, std::size_t index, const Recipe& recipe) {
  const Node& node = graph.nodes[index];
  LayerPlan plan{.node = index, .weight = {}, .activation = {}, .symmetric = false, .note = node.float_reason};
  if (!node.float_reason.empty()) return plan;
  const LayerRule* rule = rule_for(recipe, node.name);
  if (rule && rule->keep_float) {
    plan.note = fmt::format("kept float by the recipe's rule '{}'", rule->match);
    return plan;
  }
  const int weight_bits = rule && rule->weight_bits ? *rule->weight_bits : recipe.weights.bits;
  const int activation_bits = rule && rule->activation_bits ? *rule->activation_bits : recipe.activations.bits;
  plan.weight = weight_spec(recipe.weights, graph.value(node.inputs[1]).shape, weight_bits);
  if (activation_bits > 0) plan.activation = QuantSpec{.bits = activation_bits};
  if (recipe.weights.reduce_range && plan.activation && plan.weight->bits == kByte) reduce_range(*plan.weight);
  if (recipe.weights.granularity == Granularity::block && plan.weight->granularity != Granularity::block)
    plan.note = fmt::format("scale per channel: {} input channels are not more than a block", graph.value(node.inputs[1]).shape[1]);
  if (is_too_short_for_trellis(recipe.weights, graph.value(node.inputs[1]).shape))
    plan.note = fmt::format("no trellis: its rows have fewer than {} weights", kShortestTrellisRow);
  if (rule) plan.note = fmt::format("bits from the recipe's rule '{}'", rule->match);
  decide_symmetry(graph, recipe, plan);
  return plan;
}

void require_rules_used(const Graph& graph, const Recipe& recipe) {
  for (const LayerRule& rule : recipe.rules) {
    bool used = false;
    for (const Node& node : graph.nodes) used = used || (std::holds_alternative<op::Conv>(node.op) && matches(rule.match, node.name));
    if (!used)
      throw Error(ErrorKind::input,
                  fmt::format("recipe {}: rules: '{}' matches no convolution; `nibble inspect` of an exported file lists the names",
                              recipe.name, rule.match));
  }
}

}  // namespace

std::vector<LayerPlan> place_quantizers(const Graph& graph, const Recipe& recipe) {
  require_rules_used(graph, recipe);
  std::vector<LayerPlan> plans;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    if (std::holds_alternative<op::Conv>(graph.nodes[i].op)) plans.push_back(plan_layer(graph, i, recipe));
  if (!plans.empty() && std::none_of(plans.begin(), plans.end(), [](const LayerPlan& plan) { return plan.weight.has_value(); }))
    throw Error(ErrorKind::input,
                fmt::format("recipe {}: rules: every convolution is kept in float, so that nothing would be quantised; keep "
                            "fewer of them",
                            recipe.name));
  return plans;
}

}  // namespace nibble

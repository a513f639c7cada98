// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "graph/rewrites.h"
#include "nibble/error.h"
#include "support/naive_eval.h"

namespace nibble {
namespace {

using test::evaluate;
using test::largest_difference;
using test::random_tensor;
using testing::ElementsAre;

constexpr std::int64_t kChannels = 8;
const OutputRange kWide{-8, 8};

ValueId quantised_conv(Graph& graph, const std::string& name, ValueId x, float input_scale, unsigned seed, std::int8_t zero_point = 0) {
  const auto inputs = graph.value(x).shape[1];
  const QuantParams input{{.bits = 8}, Tensor::scalar(input_scale), Tensor::scalar(zero_point)};
  const auto codes_of_x = graph.add(name + ".input_quant", op::QuantizeDequantize{input}, {x});
  const Shape shape{kChannels, inputs, 1, 1};
  std::vector<std::int8_t> codes;
  const auto drawn = random_tensor(shape, seed);
  for (const float value : drawn.as<float>()) codes.push_back(static_cast<std::int8_t>(std::lround(value * 7)));
  const auto weight = graph.add_constant(name + ".weight", Tensor::of<std::int8_t>(shape, codes));
  graph.value(weight).dtype = DType::f32;
  graph.value(weight).quant = QuantParams{{.bits = 4, .granularity = Granularity::channel},
                                          Tensor::of<float>({kChannels}, std::vector<float>(kChannels, 0.05F)),
                                          Tensor::of<std::int8_t>({kChannels}, std::vector<std::int8_t>(kChannels, 0))};
  const auto bias = graph.add_constant(name + ".bias", random_tensor({kChannels}, seed + 1));
  return graph.add(name, op::Conv{}, {codes_of_x, weight, bias});
}

/// images [1,inputs,4,4] -> a -> Silu -> b, c (scales of `b`, `c`); the SiLU is an output too.
Graph two_readers(std::int64_t inputs, float scale_b, float scale_c) {
  Graph graph;
  const auto images = graph.add_input("images", {1, inputs, 4, 4});
  const auto activated = graph.add("a.act", op::Silu{}, {quantised_conv(graph, "a", images, 0.01F, 1)});
  graph.outputs = {activated, quantised_conv(graph, "b", activated, scale_b, 3), quantised_conv(graph, "c", activated, scale_c, 5)};
  return graph;
}

std::vector<std::string> names_of(const Graph& graph, std::string_view op) {
  std::vector<std::string> names;
  for (const auto& node : graph.nodes)
    if (name_of(node.op) == op) names.push_back(node.name);
  return names;
}

TEST(ToIntegerTest, PutsQuantisersBehindConvolutionAndSigmoid) {
  const Graph before = two_readers(kChannels, 0.02F, 0.03F);
  EXPECT_THAT(integer_silu_convs(before), ElementsAre("a")) << "b and c are read by nobody who quantises";
  const auto [after, applied] = to_integer(before, {{"a", kWide}});
  EXPECT_EQ(applied, 1);
  EXPECT_THAT(names_of(after, "QuantizeDequantize"),
              ElementsAre("a.input_quant", "a.output_quant", "a.act.gate_quant", "b.input_quant", "c.input_quant"));
  EXPECT_THAT(names_of(after, "Mul"), ElementsAre("a.act", "a.act.1", "a.act.2"));
  for (const auto& node : after.nodes) {
    const auto* quantise = std::get_if<op::QuantizeDequantize>(&node.op);
    EXPECT_TRUE(!quantise || !quantise->params.spec.is_signed) << node.name;
  }
}

/// z is off by half a step of its range and the bias by half a step of the accumulator, the sigmoid by half of 1 / 255;
/// SiLU's slope is at most 1.1.
TEST(ToIntegerTest, IsWithinTheStepsItAdds) {
  const Graph before = two_readers(kChannels, 0.02F, 0.03F);
  const auto after = to_integer(before, {{"a", kWide}}).graph;
  const auto images = random_tensor({1, kChannels, 4, 4}, 9);
  const auto expected = evaluate(before, {images}), found = evaluate(after, {images});
  const double step = 16.0 / 255, bound = 1.1 * (step / 2 + 0.0005 / 2) + 8 * 0.5 / 255;
  EXPECT_LT(largest_difference(expected[0], found[0]), bound);
  EXPECT_GT(largest_difference(expected[0], found[0]), step / 20) << "nothing was rounded";
}

TEST(ToIntegerTest, ReadersWithTheSameCodesShareThem) {
  const auto after = to_integer(two_readers(kChannels, 0.02F, 0.02F), {{"a", kWide}}).graph;
  EXPECT_THAT(names_of(after, "QuantizeDequantize"), ElementsAre("a.input_quant", "a.output_quant", "a.act.gate_quant", "b.input_quant"));
}

/// The operator on inputs of `channels` channels; readers are added by the tests.
ValueId moved(Graph& graph, const Op& op, int inputs, std::int64_t channels) {
  std::vector<ValueId> ids;
  for (int i = 0; i < inputs; ++i) ids.push_back(graph.add_input("x" + std::to_string(i), {1, channels, 4, 4}));
  return graph.add("moves", op, ids);
}

/// Quantised, convolved and activated.
Graph with_reader(Graph graph, ValueId x) {
  graph.outputs = {graph.add("a.act", op::Silu{}, {quantised_conv(graph, "a", x, 0.01F, 1, 7)})};
  return graph;
}

/// Whatever moves values reads codes and gives codes, and the network behind it computes the same to the bit as behind the moved values.
void expect_bytes_are_moved(const Op& op, int inputs) {
  Graph alone;
  alone.outputs = {moved(alone, op, inputs, kChannels)};
  std::vector<Tensor> x;
  for (int i = 0; i < inputs; ++i) x.push_back(random_tensor({1, kChannels, 4, 4}, 20 + static_cast<unsigned>(i)));
  const auto y = evaluate(alone, x)[0];

  Graph graph, behind;
  graph = with_reader(graph, moved(graph, op, inputs, kChannels));
  behind = with_reader(behind, behind.add_input("y", y.shape()));
  const std::map<std::string, OutputRange> ranges{{"a", kWide}};
  const auto after = to_integer(graph, ranges).graph;
  EXPECT_TRUE(identical(evaluate(after, x)[0], evaluate(to_integer(behind, ranges).graph, {y})[0])) << name_of(op);
  for (const auto& node : after.nodes) {
    if (name_of(node.op) != name_of(op)) continue;
    for (const auto id : node.inputs) EXPECT_EQ(name_of(producer_of(after, id)->op), "QuantizeDequantize") << name_of(op);
    EXPECT_EQ(name_of(after.nodes[consumers_of(after, node.outputs[0])[0]].op), "QuantizeDequantize") << name_of(op);
  }
}

TEST(ToIntegerTest, WhatMovesValuesMovesBytes) {
  expect_bytes_are_moved(op::Concat{}, 3);
  expect_bytes_are_moved(op::MaxPool{.kernel = {3, 3}, .stride = {1, 1}, .padding = {1, 1}}, 1);
  expect_bytes_are_moved(op::ResizeNearest{.factor = 2}, 1);
}

TEST(ToIntegerTest, ReadersOfMovedValuesWithTheSameCodesShareThem) {
  Graph graph;
  const auto joined = moved(graph, op::Concat{}, 2, kChannels);
  graph = with_reader(graph, joined);
  graph.outputs.push_back(graph.add("b.act", op::Silu{}, {quantised_conv(graph, "b", joined, 0.01F, 3, 7)}));
  graph.outputs.push_back(graph.add("c.act", op::Silu{}, {quantised_conv(graph, "c", joined, 0.02F, 5, 7)}));
  const auto after = to_integer(graph, {{"a", kWide}, {"b", kWide}, {"c", kWide}}).graph;
  EXPECT_THAT(names_of(after, "Concat"), ElementsAre("moves.1", "moves.2")) << "one for each grid";
}

/// conv -> SiLU -> Split -> two convolutions; where the SiLU is an output too, it has to be whole.
Graph split_behind_silu(bool silu_is_output) {
  Graph graph;
  const auto x = graph.add_input("x", {1, kChannels, 4, 4});
  const auto activated = graph.add("a.act", op::Silu{}, {quantised_conv(graph, "a", x, 0.01F, 1)});
  const auto parts = graph.add_node("parts", op::Split{.axis = 1, .sizes = {3, 5}}, {activated});
  graph.outputs = {quantised_conv(graph, "b", parts[0], 0.02F, 3), quantised_conv(graph, "c", parts[1], 0.03F, 5)};
  if (silu_is_output) graph.outputs.push_back(activated);
  return graph;
}

TEST(ToIntegerTest, ASplitBehindASiluSplitsCodes) {
  const auto after = to_integer(split_behind_silu(false), {{"a", kWide}}).graph;
  const auto whole = to_integer(split_behind_silu(true), {{"a", kWide}}).graph;
  const auto split = std::find_if(after.nodes.begin(), after.nodes.end(), [](const Node& node) { return name_of(node.op) == "Split"; });
  ASSERT_NE(split, after.nodes.end());
  EXPECT_EQ(producer_of(after, split->inputs[0])->name, "a.output_quant");
  EXPECT_THAT(names_of(after, "Mul"), ElementsAre("a.act.0", "a.act.1"));
  EXPECT_THAT(names_of(whole, "Mul"), ElementsAre("a.act"));
  const std::vector<Tensor> x{random_tensor({1, kChannels, 4, 4}, 9)};
  const auto found = evaluate(after, x), expected = evaluate(whole, x);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(identical(found[i], expected[i])) << i;
}

TEST(ToIntegerTest, ZeroPointsMoveWithTheCodes) {
  Graph graph;
  const auto images = graph.add_input("images", {1, kChannels, 4, 4});
  graph.outputs = {quantised_conv(graph, "b", quantised_conv(graph, "a", images, 0.01F, 1, -28), 0.02F, 3, 7)};
  const auto [after, applied] = to_integer(graph, {});
  EXPECT_EQ(applied, 1);
  std::vector<int> zero_points;
  for (const auto& node : after.nodes)
    if (const auto* quantise = std::get_if<op::QuantizeDequantize>(&node.op))
      zero_points.push_back(quantise->params.zero_point.as<std::uint8_t>()[0]);
  EXPECT_THAT(zero_points, ElementsAre(100, 135));
  const auto x = random_tensor({1, kChannels, 4, 4}, 9);
  EXPECT_LT(largest_difference(evaluate(graph, {x})[0], evaluate(after, {x})[0]), 0.05 * 7 * 8 * 0.02)
      << "a code of b's input may be one off where the bias was rounded";
}

TEST(ToIntegerTest, AQuantiserWithAnotherZeroPointIsAnotherReader) {
  Graph graph;
  const auto images = graph.add_input("images", {1, kChannels, 4, 4});
  const auto a = quantised_conv(graph, "a", images, 0.01F, 1);
  graph.outputs = {quantised_conv(graph, "b", a, 0.02F, 3, 0), quantised_conv(graph, "c", a, 0.02F, 5, 7)};
  EXPECT_EQ(to_integer(graph, {}).applied, 0) << "the convolution's result would need two grids";
}

TEST(ToIntegerTest, ABiasHasTheAccumulatorsGrid) {
  const Graph before = two_readers(kChannels, 0.02F, 0.03F);
  const auto after = to_integer(before, {{"a", kWide}}).graph;
  const auto bias = std::find_if(after.values.begin(), after.values.end(), [](const Value& value) { return value.name == "a.bias"; });
  ASSERT_TRUE(bias->quant);
  EXPECT_EQ(bias->constant->dtype(), DType::i32);
  const double step = static_cast<double>(bias->quant->scale.as<float>()[0]);
  EXPECT_FLOAT_EQ(static_cast<float>(step), 0.05F * 0.01F);
  const auto expected = random_tensor({kChannels}, 2);
  for (std::size_t i = 0; i < kChannels; ++i)
    EXPECT_NEAR(bias->constant->as<std::int32_t>()[i] * step, static_cast<double>(expected.as<float>()[i]), step / 2 * 1.001);
}

Graph with_bias(float bias) {
  Graph graph = two_readers(kChannels, 0.02F, 0.03F);
  for (auto& value : graph.values)
    if (value.name == "a.bias") value.constant = Tensor::of<float>({kChannels}, std::vector<float>(kChannels, bias));
  return graph;
}

/// Steps are 0.05 * 0.01, products reach at most 255 * 7 * 8 of them: a kernel's 32-bit sum holds 2^31 - 1.
TEST(ToIntegerTest, ABiasThatCouldOverflowTheSumKeepsItsConvolutionInFloat) {
  EXPECT_THAT(integer_silu_convs(with_bias(2147480000.0F * 0.0005F)), testing::IsEmpty());
  EXPECT_THAT(integer_silu_convs(with_bias(-2147480000.0F * 0.0005F)), testing::IsEmpty());
  EXPECT_THAT(integer_silu_convs(with_bias(1e30F)), testing::IsEmpty());
  EXPECT_THAT(integer_silu_convs(with_bias(std::nanf(""))), testing::IsEmpty());
  EXPECT_THAT(integer_silu_convs(with_bias(2147400000.0F * 0.0005F)), ElementsAre("a"));
  EXPECT_EQ(to_integer(with_bias(1e30F), {}).applied, 0);
}

TEST(ToIntegerTest, AConvolutionReadByAQuantiserNeedsNoRange) {
  Graph graph;
  const auto images = graph.add_input("images", {1, kChannels, 4, 4});
  graph.outputs = {quantised_conv(graph, "b", quantised_conv(graph, "a", images, 0.01F, 1), 0.02F, 3)};
  EXPECT_THAT(integer_silu_convs(graph), testing::IsEmpty());
  const auto [after, applied] = to_integer(graph, {});
  EXPECT_EQ(applied, 1);
  const auto x = random_tensor({1, kChannels, 4, 4}, 9);
  EXPECT_LT(largest_difference(evaluate(graph, {x})[0], evaluate(after, {x})[0]), 0.05 * 7 * 8 * 0.02)
      << "a code of b's input may be one off where the bias was rounded";
}

TEST(ToIntegerTest, FewInputChannelsStay) {
  const auto [after, applied] = to_integer(two_readers(3, 0.02F, 0.03F), {});
  EXPECT_EQ(applied, 0);
  EXPECT_THAT(names_of(after, "Silu"), ElementsAre("a.act"));
}

TEST(ToIntegerTest, RangesMustBeThereAndSpanZero) {
  const Graph graph = two_readers(kChannels, 0.02F, 0.03F);
  EXPECT_THROW(to_integer(graph, {}), Error);
  for (const auto range : {OutputRange{1, 2}, OutputRange{0, 0}, OutputRange{-1, std::nanf("")}})
    EXPECT_THROW(to_integer(graph, {{"a", range}}), Error);
}

}  // namespace
}  // namespace nibble

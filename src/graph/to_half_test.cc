// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "graph/rewrites.h"
#include "nibble/error.h"
#include "support/naive_eval.h"

namespace nibble {
namespace {

using test::evaluate;
using test::largest_difference;
using test::random_tensor;
using testing::HasSubstr;

/// images -> Conv -> Silu -> Mul by 2 (float: "decode") -> Sigmoid; the constant 2 is also added before the float part.
Graph conv_decode(bool with_float_part) {
  Graph graph;
  const auto images = graph.add_input("images", {-1, 2, 4, 4});
  const auto weight = graph.add_constant("a.weight", random_tensor({2, 2, 3, 3}, 1));
  const auto two = graph.add_constant("two", Tensor::scalar(2.0F));
  const op::Conv conv{.stride = {1, 1}, .padding = {1, 1}, .dilation = {1, 1}, .groups = 1};
  auto x = graph.add("a.act", op::Silu{}, {graph.add("a", conv, {images, weight})});
  x = graph.add("sum", op::Add{}, {x, two});
  if (with_float_part) {
    x = graph.add("decode", op::Mul{}, {x, two}, "decode");
    x = graph.add("scores", op::Sigmoid{}, {x});
  }
  graph.value(x).name = "output0";
  graph.outputs = {x};
  return graph;
}

const Node& node_of(const Graph& graph, const std::string& name) {
  for (const auto& node : graph.nodes)
    if (node.name == name) return node;
  throw std::logic_error("no node " + name);
}
DType dtype_of_node(const Graph& graph, const std::string& name) { return graph.value(node_of(graph, name).outputs[0]).dtype; }

TEST(ToHalfTest, ComputesInHalfUpToTheFloatPart) {
  const Graph before = conv_decode(true);
  const auto [after, applied] = to_half(before);
  verify(after);
  EXPECT_EQ(applied, 3);
  EXPECT_EQ(after.value(after.inputs[0]).dtype, DType::f32);
  EXPECT_EQ(dtype_of_node(after, "a"), DType::f16);
  EXPECT_EQ(dtype_of_node(after, "sum"), DType::f16);
  EXPECT_EQ(dtype_of_node(after, "decode"), DType::f32);
  EXPECT_EQ(dtype_of_node(after, "scores"), DType::f32) << "behind a float node";
  EXPECT_EQ(node_of(after, "decode").float_reason, "decode");
  EXPECT_EQ(node_of(after, "images_to_float16").inputs, after.inputs);
  EXPECT_EQ(after.value(node_of(after, "sum").inputs[1]).name, "two");
  EXPECT_EQ(after.value(node_of(after, "decode").inputs[1]).name, "two_float32") << "read in both precisions";
  EXPECT_EQ(after.value(after.outputs[0]).name, "output0");
  const auto images = random_tensor({2, 2, 4, 4}, 2);
  const auto difference = largest_difference(evaluate(before, {images})[0], evaluate(after, {images})[0]);
  EXPECT_LT(difference, 2e-3);
  EXPECT_GT(difference, 0) << "nothing was rounded to half";
}

TEST(ToHalfTest, AHalfResultIsCastBackUnderItsName) {
  const auto after = to_half(conv_decode(false)).graph;
  EXPECT_EQ(after.value(after.outputs[0]).name, "output0");
  EXPECT_EQ(after.value(after.outputs[0]).dtype, DType::f32);
  EXPECT_EQ(producer_of(after, after.outputs[0])->name, "output0_to_float32");
  EXPECT_EQ(after.value(node_of(after, "sum").outputs[0]).name, "output0_float16");
}

TEST(ToHalfTest, TheBoundaryCanBeHalfToo) {
  for (const bool with_float_part : {true, false}) {
    const auto after = to_half(conv_decode(with_float_part), DType::f16).graph;
    EXPECT_EQ(after.value(after.inputs[0]).dtype, DType::f16);
    EXPECT_EQ(node_of(after, "a").inputs[0], after.inputs[0]) << "no cast in front of the first convolution";
    EXPECT_EQ(after.value(after.outputs[0]).name, "output0");
    EXPECT_EQ(after.value(after.outputs[0]).dtype, DType::f16);
    EXPECT_EQ(producer_of(after, after.outputs[0])->name, with_float_part ? "output0_to_float16" : "sum");
  }
}

TEST(ToHalfTest, QuantisedWeightsKeepCodesAndScales) {
  Graph graph = conv_decode(true);
  auto& weight = graph.value(graph.nodes[0].inputs[1]);
  weight.constant = Tensor::of<std::int8_t>({2, 2, 3, 3}, std::vector<std::int8_t>(36, -3));
  weight.quant = QuantParams{QuantSpec{.bits = 4}, Tensor::scalar(0.25F), Tensor::scalar<std::int8_t>(0)};
  const auto after = to_half(graph).graph;
  const auto& half = after.value(node_of(after, "a").inputs[1]);
  EXPECT_EQ(half.dtype, DType::f16);
  EXPECT_TRUE(identical(*half.constant, *weight.constant));
  EXPECT_TRUE(identical(half.quant->scale, weight.quant->scale));
}

TEST(ToHalfTest, AWeightBeyondTheRangeIsRefused) {
  Graph graph = conv_decode(true);
  std::vector<float> values(36, 0.0F);
  values[7] = 70000.0F;
  graph.value(graph.nodes[0].inputs[1]).constant = Tensor::of<float>({2, 2, 3, 3}, values);
  try {
    to_half(graph);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::numeric);
    EXPECT_THAT(error.what(), HasSubstr("constant 'a.weight': 70000 at element 7"));
  }
}

TEST(ToHalfTest, QuantisedActivationsAreUnsupported) {
  Graph graph = conv_decode(false);
  const QuantParams params{QuantSpec{}, Tensor::scalar(0.1F), Tensor::scalar<std::int8_t>(0)};
  graph.outputs = {graph.add("q", op::QuantizeDequantize{params}, {graph.outputs[0]})};
  try {
    to_half(graph);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_THAT(error.what(), HasSubstr("node 'q'"));
  }
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "graph/rewrites.h"
#include "nibble/error.h"
#include "support/naive_eval.h"

namespace nibble {
namespace {

using test::evaluate;
using test::largest_difference;
using test::random_tensor;

constexpr std::int64_t kChannels = 4;

Tensor positive(Shape shape, unsigned seed) {
  std::vector<float> values;
  const Tensor random = random_tensor(shape, seed);
  for (const auto value : random.as<float>()) values.push_back(std::abs(value) + 0.1F);
  return Tensor::of<float>(std::move(shape), std::move(values));
}

ValueId add_norm(Graph& graph, const std::string& name, ValueId x) {
  return graph.add(name, op::BatchNorm{.epsilon = 1e-3},
                   {x, graph.add_constant(name + ".weight", random_tensor({kChannels}, 1)),
                    graph.add_constant(name + ".bias", random_tensor({kChannels}, 2)),
                    graph.add_constant(name + ".running_mean", random_tensor({kChannels}, 3)),
                    graph.add_constant(name + ".running_var", positive({kChannels}, 4))});
}

/// images -> Conv (2 groups) -> BatchNorm -> Silu.
Graph conv_norm_silu(bool with_bias) {
  Graph graph;
  const auto images = graph.add_input("images", {-1, 2, 6, 6});
  std::vector<ValueId> inputs{images, graph.add_constant("a.conv.weight", random_tensor({kChannels, 1, 3, 3}, 5))};
  if (with_bias) inputs.push_back(graph.add_constant("a.conv.bias", random_tensor({kChannels}, 6)));
  const auto conv = graph.add("a.conv", op::Conv{.stride = {2, 2}, .padding = {1, 1}, .dilation = {1, 1}, .groups = 2}, inputs);
  graph.outputs = {graph.add("a.act", op::Silu{}, {add_norm(graph, "a.bn", conv)})};
  return graph;
}

class FoldBatchNormTest : public testing::TestWithParam<bool> {};

TEST_P(FoldBatchNormTest, KeepsTheFunctionAndTheConvolutionsName) {
  const Graph before = conv_norm_silu(GetParam());
  verify(before);
  const auto [after, applied] = fold_batchnorm(before);
  verify(after);
  EXPECT_EQ(applied, 1);
  ASSERT_EQ(after.nodes.size(), 2U);
  EXPECT_EQ(after.nodes[0].name, "a.conv");
  EXPECT_EQ(after.value(after.nodes[0].inputs[1]).name, "a.conv.weight");
  EXPECT_EQ(after.value(after.nodes[0].inputs[2]).name, "a.conv.bias");
  EXPECT_EQ(after.value(after.nodes[0].outputs[0]).name, "a.conv_output");
  const auto images = random_tensor({2, 2, 6, 6}, 7);
  EXPECT_LT(largest_difference(evaluate(before, {images})[0], evaluate(after, {images})[0]), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Bias, FoldBatchNormTest, testing::Bool());

// s = 2 / sqrt(3.999 + 0.001) = 1;  W' = 5 * 1;  b' = (0 - 3) * 1 + 7 = 4.
TEST(FoldBatchNormCaseTest, WorkedExample) {
  Graph graph;
  const auto one = [&](const char* name, float value) { return graph.add_constant(name, Tensor::of<float>({1}, {value})); };
  const auto images = graph.add_input("images", {1, 1, 1, 1});
  const auto conv = graph.add("c", op::Conv{}, {images, graph.add_constant("w", Tensor::of<float>({1, 1, 1, 1}, {5.0F}))});
  graph.outputs = {graph.add("n", op::BatchNorm{1e-3}, {conv, one("gamma", 2), one("beta", 7), one("mean", 3), one("var", 3.999F)})};
  const auto [after, applied] = fold_batchnorm(graph);
  ASSERT_EQ(applied, 1);
  EXPECT_FLOAT_EQ(after.value(after.nodes[0].inputs[1]).constant->as<float>()[0], 5.0F);
  EXPECT_FLOAT_EQ(after.value(after.nodes[0].inputs[2]).constant->as<float>()[0], 4.0F);
  EXPECT_EQ(after.value(after.outputs[0]).name, "n_output") << "a graph output keeps its name";
}

TEST(FoldBatchNormCaseTest, ASecondReaderOfTheConvolutionForbidsIt) {
  Graph graph = conv_norm_silu(false);
  const auto conv = graph.nodes[0].outputs[0];
  graph.outputs.push_back(conv);
  EXPECT_EQ(fold_batchnorm(graph).applied, 0);
  EXPECT_EQ(fold_batchnorm(graph).graph.nodes.size(), 3U);
}

TEST(FoldBatchNormCaseTest, ASharedWeightIsCopied) {
  Graph graph = conv_norm_silu(false);
  const auto weight = graph.nodes[0].inputs[1];
  const auto other = graph.add("b.conv", graph.nodes[0].op, {graph.inputs[0], weight});
  graph.outputs.push_back(other);
  const auto images = random_tensor({1, 2, 6, 6}, 8);
  const auto [after, applied] = fold_batchnorm(graph);
  verify(after);
  EXPECT_EQ(applied, 1);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_LT(largest_difference(evaluate(graph, {images})[i], evaluate(after, {images})[i]), 1e-6);
}

TEST(FoldBatchNormCaseTest, NonFiniteStatisticsAreNamed) {
  Graph graph = conv_norm_silu(false);
  auto& variance = graph.value(graph.nodes[1].inputs[4]);
  variance.constant = Tensor::of<float>({kChannels}, {1, 1, std::numeric_limits<float>::quiet_NaN(), 1});
  try {
    fold_batchnorm(graph);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::numeric);
    EXPECT_NE(std::string(error.what()).find("node 'a.bn': channel 2"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "graph/rewrites.h"
#include "support/naive_eval.h"

namespace nibble {
namespace {

using test::evaluate;
using test::largest_difference;
using test::random_tensor;

constexpr std::int64_t kChannels = 3;

struct Branch {
  std::int64_t kernel;
  std::int64_t stride = 1;
  std::int64_t padding = -1;  ///< -1: kernel / 2
};

ValueId add_branch(Graph& graph, const std::string& name, const Branch& branch, unsigned seed) {
  const auto padding = branch.padding < 0 ? branch.kernel / 2 : branch.padding;
  const auto weight = graph.add_constant(name + ".weight", random_tensor({kChannels, 1, branch.kernel, branch.kernel}, seed));
  const auto bias = graph.add_constant(name + ".bias", random_tensor({kChannels}, seed + 1));
  const op::Conv conv{.stride = {branch.stride, branch.stride}, .padding = {padding, padding}, .dilation = {1, 1}, .groups = kChannels};
  return graph.add(name, conv, {graph.inputs[0], weight, bias});
}

/// Add(first(x), second(x)) -> Silu, depthwise: RepVGGDW.
Graph two_branches(const Branch& first, const Branch& second) {
  Graph graph;
  graph.add_input("images", {1, kChannels, 9, 9});
  const auto a = add_branch(graph, "conv", first, 1);
  const auto b = add_branch(graph, "conv1", second, 11);
  graph.outputs = {graph.add("act", op::Silu{}, {graph.add("sum", op::Add{}, {a, b})})};
  verify(graph);
  return graph;
}

void expect_merged(const Graph& before, const std::string& kept_name, std::int64_t kernel) {
  const auto [after, applied] = merge_parallel_convs(before);
  verify(after);
  EXPECT_EQ(applied, 1);
  ASSERT_EQ(after.nodes.size(), 2U);
  EXPECT_EQ(after.nodes[0].name, kept_name);
  EXPECT_EQ(after.value(after.nodes[0].outputs[0]).name, kept_name + "_output");
  EXPECT_EQ(after.value(after.nodes[0].inputs[1]).shape, (Shape{kChannels, 1, kernel, kernel}));
  const auto images = random_tensor({1, kChannels, 9, 9}, 3);
  EXPECT_LT(largest_difference(evaluate(before, {images})[0], evaluate(after, {images})[0]), 1e-6);
}

void expect_untouched(const Graph& graph) {
  const auto [after, applied] = merge_parallel_convs(graph);
  EXPECT_EQ(applied, 0);
  EXPECT_EQ(dump(after), dump(without_dead_nodes(graph)));
}

TEST(MergeParallelConvsTest, SevenAndThree) { expect_merged(two_branches({7}, {3}), "conv", 7); }
TEST(MergeParallelConvsTest, TheLargerMayComeSecond) { expect_merged(two_branches({1}, {5}), "conv1", 5); }
TEST(MergeParallelConvsTest, EqualKernels) { expect_merged(two_branches({3}, {3}), "conv", 3); }
TEST(MergeParallelConvsTest, StridedBranches) { expect_merged(two_branches({7, 2}, {3, 2}), "conv", 7); }

TEST(MergeParallelConvsTest, OffCentreBranchesStay) { expect_untouched(two_branches({3, 1, 0}, {3, 1, 0})); }

TEST(MergeParallelConvsTest, AKernelThatStandsOutOfTheOtherStays) {
  Graph graph;
  graph.add_input("images", {1, kChannels, 9, 9});
  const auto branch = [&](const std::string& name, const Shape& kernel) {
    const auto weight = graph.add_constant(name + ".weight", random_tensor({kChannels, 1, kernel[0], kernel[1]}, 5));
    const op::Conv conv{.padding = {kernel[0] / 2, kernel[1] / 2}, .dilation = {1, 1}, .groups = kChannels};
    return graph.add(name, conv, {graph.inputs[0], weight});
  };
  graph.outputs = {graph.add("sum", op::Add{}, {branch("tall", {3, 1}), branch("wide", {1, 3})})};
  expect_untouched(graph);
}

TEST(MergeParallelConvsTest, CodesAndHalvesStay) {
  for (const auto* weight : {"conv.weight", "conv1.weight"}) {
    Graph graph = two_branches({3}, {3});
    for (auto& value : graph.values)
      if (value.name == weight) value.quant = QuantParams{{}, Tensor::of<float>({}, {1}), Tensor::of<std::int8_t>({}, {0})};
    expect_untouched(graph);
    graph = two_branches({3}, {3});
    for (auto& value : graph.values)
      if (value.name == weight) value.dtype = DType::f16;
    expect_untouched(graph);
  }
}

TEST(MergeParallelConvsTest, AnotherReaderForbidsIt) {
  Graph graph = two_branches({7}, {3});
  graph.outputs.push_back(graph.nodes[1].outputs[0]);
  expect_untouched(graph);
}

TEST(MergeParallelConvsTest, DifferentInputsForbidIt) {
  Graph graph = two_branches({7}, {3});
  const auto other = graph.add_input("other", {1, kChannels, 9, 9});
  graph.nodes[1].inputs[0] = other;
  expect_untouched(graph);
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "graph/graph.h"

#include <gmock/gmock.h>

#include "nibble/error.h"

namespace nibble {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor filled(Shape shape, float value = 1.0F) {
  const auto count = static_cast<std::size_t>(count_of(shape));
  return Tensor::of<float>(std::move(shape), std::vector<float>(count, value));
}

/// images -> a (Conv) -> silu -> output, with a dead convolution beside it.
Graph conv_silu() {
  Graph graph;
  const auto images = graph.add_input("images", {-1, 3, 8, 8});
  const auto dead = graph.add_constant("dead.weight", filled({2, 3, 1, 1}));
  graph.add("dead", op::Conv{}, {images, dead});
  const auto weight = graph.add_constant("a.weight", filled({4, 3, 3, 3}));
  const auto a = graph.add("a", op::Conv{.stride = {2, 2}, .padding = {1, 1}, .dilation = {1, 1}, .groups = 1}, {images, weight});
  graph.outputs = {graph.add("a.act", op::Silu{}, {a}, "box decode")};
  return graph;
}

TEST(GraphTest, NodesGetInferredShapesAndDerivedNames) {
  Graph graph = conv_silu();
  const auto parts = graph.add_node("split", op::Split{.axis = 1, .sizes = {1, 3}}, {graph.outputs[0]});
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(graph.value(parts[0]).name, "split_output");
  EXPECT_EQ(graph.value(parts[1]).name, "split_output_1");
  EXPECT_EQ(graph.value(parts[1]).shape, (Shape{-1, 3, 4, 4}));
}

TEST(GraphTest, AddRefusesANodeWithSeveralOutputs) {
  Graph graph = conv_silu();
  EXPECT_THROW(graph.add("split", op::Split{.axis = 1, .sizes = {1, 3}}, {graph.outputs[0]}), Error);
}

TEST(GraphTest, ProducerAndConsumers) {
  const Graph graph = conv_silu();
  EXPECT_EQ(producer_of(graph, graph.outputs[0])->name, "a.act");
  EXPECT_EQ(producer_of(graph, graph.inputs[0]), nullptr);
  EXPECT_THAT(consumers_of(graph, graph.inputs[0]), ElementsAre(0U, 1U));
}

TEST(GraphTest, DeadNodesAndTheirConstantsGo) {
  const Graph graph = without_dead_nodes(conv_silu());
  verify(graph);
  ASSERT_EQ(graph.nodes.size(), 2U);
  EXPECT_EQ(graph.nodes[0].name, "a");
  EXPECT_EQ(graph.values.size(), 4U);
  EXPECT_EQ(graph.value(graph.outputs[0]).name, "a.act_output");
  EXPECT_EQ(graph.value(graph.nodes[0].inputs[1]).name, "a.weight");
}

TEST(GraphTest, AnUnusedInputStays) {
  Graph graph = conv_silu();
  graph.add_input("second", {1});
  const Graph kept = without_dead_nodes(graph);
  verify(kept);
  EXPECT_EQ(kept.value(kept.inputs.at(1)).name, "second");
}

TEST(DumpTest, OneLineANodeWithShapesAttributesAndBits) {
  Graph graph = without_dead_nodes(conv_silu());
  auto& weight = graph.value(graph.nodes[0].inputs[1]);
  weight.constant = Tensor::of<std::int8_t>({4, 3, 3, 3}, std::vector<std::int8_t>(108, 7));
  weight.quant = QuantParams{QuantSpec{.bits = 4, .is_signed = true, .narrow = true, .granularity = Granularity::tensor, .block = 0},
                             Tensor::scalar(0.1F), Tensor::scalar<std::int8_t>(0)};
  verify(graph);
  const auto text = dump(graph);
  EXPECT_THAT(text,
              HasSubstr("a: Conv{stride=2 padding=1 dilation=1 groups=1}(images [B,3,8,8], a.weight [4,3,3,3] int4 narrow per tensor) -> "
                        "a_output [B,4,4,4]\n"));
  EXPECT_THAT(text, HasSubstr("a.act: Silu(a_output [B,4,4,4]) -> a.act_output [B,4,4,4]  # float: box decode\n"));
}

}  // namespace
}  // namespace nibble

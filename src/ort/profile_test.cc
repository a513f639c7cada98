// SPDX-License-Identifier: Apache-2.0
#include "ort/profile.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "support/exported.h"

namespace nibble::testing {
namespace {

using ::testing::IsEmpty;

/// images -> Relu -> Sigmoid.
Graph two_nodes() {
  Graph graph;
  const auto images = graph.add_input("images", {1, 2, 4, 4});
  graph.outputs = {graph.add("gate", op::Sigmoid{}, {graph.add("cut", op::Relu{}, {images})})};
  return graph;
}

TEST(Profile, SaysWhatRanWhere) {
  const TestFolder folder;
  emit_model(two_nodes(), {}, folder / "m.onnx");
  const Tensor x = Tensor::of<float>({1, 2, 4, 4}, std::vector<float>(32, 1));
  const auto profile = profile_model(folder / "m.onnx", {.threads = 1}, {x}, 3);
  ASSERT_EQ(profile.nodes.size(), 2U);
  EXPECT_EQ(profile.nodes_by_provider(), (std::map<std::string, int>{{"CPUExecutionProvider", 2}}));
  std::vector<std::string> names{profile.nodes[0].name, profile.nodes[1].name};
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("cut", "gate"));
  EXPECT_GE(profile.nodes[0].median_us, profile.nodes[1].median_us);
}

TEST(Profile, TakesTheMedianWithoutTheFirstRunAndSumsByOperator) {
  const TestFolder folder;
  const auto event = [](const char* name, const char* op, int index, int us) {
    return Json{{"cat", "Node"},
                {"name", name},
                {"dur", us},
                {"args", {{"op_name", op}, {"provider", "P"}, {"node_index", std::to_string(index)}}}};
  };
  Json trace = {event("a_kernel_time", "Conv", 0, 1000),
                event("a_kernel_time", "Conv", 0, 4),
                event("a_kernel_time", "Conv", 0, 8),
                event("b_kernel_time", "Conv", 1, 3),
                event("c_kernel_time", "Mul", 2, 20),
                event("c_fence_before", "Mul", 2, 99),
                Json{{"cat", "Session"}, {"name", "model_run"}, {"dur", 7}}};
  write_json(folder / "t.json", trace);
  const auto profile = read_profile(folder / "t.json");
  EXPECT_EQ(profile.total_us(), 29);
  const auto ops = profile.ops();
  ASSERT_EQ(ops.size(), 2U);
  EXPECT_EQ(ops[0].op, "Mul");
  EXPECT_EQ(ops[1].nodes, 2);
  EXPECT_EQ(ops[1].us, 9);
}

TEST(Profile, RefusesWhatIsNoTrace) {
  const TestFolder folder;
  write_json(folder / "t.json", Json{{"a", 1}});
  expect_error(ErrorKind::input, "not a list", [&] { read_profile(folder / "t.json"); });
  write_json(folder / "t.json", Json::array({Json{{"cat", "Node"}, {"name", "x_kernel_time"}}}));
  expect_error(ErrorKind::input, "trace", [&] { read_profile(folder / "t.json"); });
  write_json(folder / "t.json", Json::array());
  EXPECT_THAT(read_profile(folder / "t.json").nodes, IsEmpty());
}

TEST(Profile, LevelsDecideWhatIsFused) {
  const TestFolder folder;
  Graph graph;
  const auto images = graph.add_input("images", {1, 8, 4, 4});
  const auto weight = graph.add_constant("w", Tensor::of<float>({8, 8, 1, 1}, std::vector<float>(64, 0.5F)));
  graph.outputs = {graph.add("cut", op::Relu{}, {graph.add("conv", op::Conv{}, {images, weight})})};
  emit_model(graph, {}, folder / "m.onnx");
  const Tensor x = Tensor::of<float>({1, 8, 4, 4}, std::vector<float>(128, 1));
  const auto nodes_at = [&](Optimization level) {
    return profile_model(folder / "m.onnx", {.threads = 1, .highest = level}, {x}, 1).nodes.size();
  };
  EXPECT_EQ(nodes_at(Optimization::off), 2U);
  EXPECT_EQ(nodes_at(Optimization::basic), 2U);
  EXPECT_EQ(nodes_at(Optimization::extended), 1U) << "convolution and activation are one node";
}

}  // namespace
}  // namespace nibble::testing

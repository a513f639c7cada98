// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "graph/graph.h"
#include "nibble/error.h"

namespace nibble {
namespace {

/// The inferred output shapes of `op` on f32 inputs of these shapes; shapes of equal-named dtypes only.
std::vector<Shape> shapes_of(const Op& op, const std::vector<Shape>& inputs) {
  Graph graph;
  Node node{"n", op, {}, {}, {}};
  for (const auto& shape : inputs) node.inputs.push_back(graph.add_input(fmt::format("x{}", node.inputs.size()), shape));
  std::vector<Shape> shapes;
  for (auto& output : infer_shapes(graph, node)) shapes.push_back(output.shape);
  return shapes;
}

struct Case {
  std::string name;
  Op op;
  std::vector<Shape> inputs;
  std::vector<Shape> outputs;  ///< empty: refused
};
void PrintTo(const Case& test_case, std::ostream* out) { *out << test_case.name; }

class ShapeTest : public testing::TestWithParam<Case> {};

TEST_P(ShapeTest, IsInferredOrRefused) {
  const auto& test_case = GetParam();
  if (test_case.outputs.empty()) {
    EXPECT_THROW(shapes_of(test_case.op, test_case.inputs), Error);
  } else {
    EXPECT_EQ(shapes_of(test_case.op, test_case.inputs), test_case.outputs);
  }
}

const op::Conv kStrided{.stride = {2, 2}, .padding = {1, 1}, .dilation = {1, 1}, .groups = 1};
const op::Conv kDepthwise{.stride = {1, 1}, .padding = {3, 3}, .dilation = {1, 1}, .groups = 8};
const op::MaxPool kPool{.kernel = {5, 5}, .stride = {1, 1}, .padding = {2, 2}};

INSTANTIATE_TEST_SUITE_P(
    Ops, ShapeTest,
    testing::Values(
        Case{"conv", kStrided, {{-1, 3, 640, 640}, {16, 3, 3, 3}}, {{-1, 16, 320, 320}}},
        Case{"conv_odd", kStrided, {{1, 3, 33, 32}, {16, 3, 3, 3}, {16}}, {{1, 16, 17, 16}}},
        Case{"conv_depthwise", kDepthwise, {{1, 8, 20, 20}, {8, 1, 7, 7}}, {{1, 8, 20, 20}}},
        Case{"conv_wrong_channels", kStrided, {{1, 4, 8, 8}, {16, 3, 3, 3}}, {}},
        Case{"conv_wrong_bias", kStrided, {{1, 3, 8, 8}, {16, 3, 3, 3}, {3}}, {}},
        Case{"conv_window_too_large", op::Conv{}, {{1, 3, 2, 2}, {16, 3, 3, 3}}, {}},
        Case{"batchnorm", op::BatchNorm{}, {{1, 8, 4, 4}, {8}, {8}, {8}, {8}}, {{1, 8, 4, 4}}},
        Case{"batchnorm_wrong", op::BatchNorm{}, {{1, 8, 4, 4}, {8}, {8}, {7}, {8}}, {}},
        Case{"add_broadcast", op::Add{}, {{-1, 2, 1, 7}, {2, 5, 7}}, {{-1, 2, 5, 7}}},
        Case{"add_wrong", op::Add{}, {{1, 2, 3}, {1, 2, 4}}, {}},
        Case{"matmul", op::MatMul{}, {{-1, 2, 400, 32}, {-1, 2, 32, 400}}, {{-1, 2, 400, 400}}},
        Case{"matmul_wrong", op::MatMul{}, {{1, 2, 400, 32}, {1, 2, 400, 32}}, {}}, Case{"softmax", op::Softmax{-1}, {{1, 4}}, {{1, 4}}},
        Case{"softmax_wrong", op::Softmax{2}, {{1, 4}}, {}},
        Case{"concat", op::Concat{-1}, {{-1, 84, 6400}, {-1, 84, 1600}}, {{-1, 84, 8000}}},
        Case{"concat_wrong", op::Concat{1}, {{-1, 84, 6400}, {-1, 84, 1600}}, {}},
        Case{"split", op::Split{1, {64, 80}}, {{-1, 144, 9}}, {{-1, 64, 9}, {-1, 80, 9}}},
        Case{"split_wrong", op::Split{1, {64, 79}}, {{-1, 144, 9}}, {}}, Case{"maxpool", kPool, {{1, 2, 20, 20}}, {{1, 2, 20, 20}}},
        Case{"resize", op::ResizeNearest{2}, {{1, 2, 20, 10}}, {{1, 2, 40, 20}}},
        Case{"reshape_batch", op::Reshape{{0, 144, -1}}, {{-1, 144, 80, 80}}, {{-1, 144, 6400}}},
        Case{"reshape_batch_to_hole", op::Reshape{{-1, 2, 12}}, {{-1, 4, 6}}, {{-1, 2, 12}}},
        Case{"reshape_batch_lost", op::Reshape{{2, 12}}, {{-1, 4, 6}}, {}},
        Case{"reshape_hole_takes_more_than_the_batch", op::Reshape{{-1, 12}}, {{-1, 4, 6}}, {}},
        Case{"reshape_fixed", op::Reshape{{2, 12}}, {{1, 4, 6}}, {{2, 12}}}, Case{"reshape_wrong", op::Reshape{{5, -1}}, {{1, 4, 6}}, {}},
        Case{"transpose", op::Transpose{{0, 2, 1}}, {{-1, 84, 5}}, {{-1, 5, 84}}},
        Case{"transpose_wrong", op::Transpose{{0, 2, 2}}, {{-1, 84, 5}}, {}},
        Case{"unsqueeze", op::Unsqueeze{-1}, {{-1, 300}}, {{-1, 300, 1}}}, Case{"unsqueeze_wrong", op::Unsqueeze{3}, {{-1, 300}}, {}},
        Case{"reduce", op::ReduceMax{-1}, {{-1, 8400, 80}}, {{-1, 8400}}},
        Case{"topk", op::TopK{300}, {{-1, 8400}}, {{-1, 300}, {-1, 300}}}, Case{"topk_wrong", op::TopK{300}, {{-1, 299}}, {}},
        Case{"cast", op::Cast{DType::f16}, {{1, 2}}, {{1, 2}}}, Case{"silu_two_inputs", op::Silu{}, {{1}, {1}}, {}}),
    [](const auto& test) { return test.param.name; });

TEST(ShapeDTypeTest, TopKGivesInt64IndicesThatGatherRowsTakes) {
  Graph graph;
  const auto data = graph.add_input("data", {-1, 50, 84});
  const auto scores = graph.add_input("scores", {-1, 50});
  const auto top = graph.add_node("top", op::TopK{7}, {scores});
  EXPECT_EQ(graph.value(top[1]).dtype, DType::i64);
  const auto indices = graph.add("column", op::Unsqueeze{-1}, {top[1]});
  const auto rows = graph.add("rows", op::GatherRows{}, {data, indices});
  EXPECT_EQ(graph.value(rows).shape, (Shape{-1, 7, 84}));
  EXPECT_EQ(graph.value(rows).dtype, DType::f32);
  const auto wrong = graph.add("wrong", op::Unsqueeze{-1}, {top[0]});
  EXPECT_THROW(graph.add("rows2", op::GatherRows{}, {data, wrong}), Error);
}

TEST(ShapeDTypeTest, MixedTypesAreRefusedWithNodeAndShapes) {
  Graph graph;
  const auto a = graph.add_input("a", {2, 3});
  const auto b = graph.add("b", op::Cast{DType::f16}, {a});
  try {
    graph.add("sum", op::Add{}, {a, b});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::internal);
    EXPECT_STREQ(error.what(), "graph: node 'sum' (Add) on float32 [2,3], float16 [2,3]: the inputs differ in dtype");
  }
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Shapes of files that nobody checked: extents at the ends of 64 bits are computed with exactly, or not at all.
#include "export/value_facts.h"

#include <gtest/gtest.h>

#include <limits>

#include "export/cleanup_passes.h"
#include "export/onnx_types.h"
#include "support/onnx_build.h"

namespace nibble::testing {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kHuge = std::int64_t{1} << 62;

ValueFact of_shape(const Shape& shape) { return {onnx_type::kFloat, shape, {}, {}}; }
ValueFact of_ints(const std::vector<std::int64_t>& values) {
  return {onnx_type::kInt64, Shape{static_cast<std::int64_t>(values.size())}, values, {}};
}

onnx::NodeProto node_of(const std::string& op) {
  onnx::NodeProto node;
  node.set_op_type(op);
  node.add_output("y");
  return node;
}

using MaybeShape = std::optional<Shape>;

TEST(ValueFacts, ConcatenationsThatNoExtentHoldsAreUnknown) {
  auto node = node_of("Concat");
  set_attribute(node, "axis", 1);
  EXPECT_EQ(infer_fact(node, {of_shape({1, kMost}), of_shape({1, 1})}).shape, (MaybeShape{{1, kUnknownExtent}}));
  EXPECT_EQ(infer_fact(node, {of_shape({1, kMost - 1}), of_shape({1, 1})}).shape, (MaybeShape{{1, kMost}}));
}

TEST(ValueFacts, ShapeArithmeticIsDoneForEachElement) {
  const auto ints = [](const std::string& op, const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
    return infer_fact(node_of(op), {of_ints(a), of_ints(b)}).ints;
  };
  using Values = std::optional<std::vector<std::int64_t>>;
  EXPECT_EQ(ints("Add", {2, 3, 4}, {10, 20, 30}), (Values{{12, 23, 34}}));
  EXPECT_EQ(ints("Sub", {2, 3, 4}, {1}), (Values{{1, 2, 3}}));
  EXPECT_EQ(ints("Mul", {3}, {5, 6, 7}), (Values{{15, 18, 21}}));
  EXPECT_EQ(ints("Div", {9, 8, 7}, {2, 4, 7}), (Values{{4, 2, 1}}));
  EXPECT_EQ(ints("Add", {1, 2}, {1, 2, 3}), std::nullopt);
  EXPECT_EQ(ints("Div", {-9}, {2}), std::nullopt) << "rounding of negative quotients is the runtimes'";
}

TEST(ValueFacts, IntegersKeepTheirValuesInAWiderType) {
  const auto cast = [](std::int64_t from, std::int64_t to) {
    auto node = node_of("Cast");
    set_attribute(node, "to", to);
    return infer_fact(node, {{static_cast<int>(from), Shape{2}, std::vector<std::int64_t>{5, 7}, {}}}).ints.has_value();
  };
  EXPECT_TRUE(cast(onnx_type::kInt32, onnx_type::kInt64));
  EXPECT_TRUE(cast(onnx_type::kInt64, onnx_type::kInt64));
  EXPECT_TRUE(cast(onnx_type::kInt32, onnx_type::kInt32));
  EXPECT_FALSE(cast(onnx_type::kInt64, onnx_type::kInt32));
}

TEST(ValueFacts, ReshapesOfMoreElementsThanCanBeCountedLeaveTheRestOpen) {
  const auto node = node_of("Reshape");
  const MaybeShape open = Shape{2, -1};
  EXPECT_EQ(infer_fact(node, {of_shape({kHuge, 4}), of_ints({2, -1})}).shape, open);
  EXPECT_EQ(infer_fact(node, {of_shape({kHuge, 2, 0}), of_ints({2, -1})}).shape, open);
  EXPECT_EQ(infer_fact(node, {of_shape({8}), of_ints({kHuge, 4, -1})}).shape, (MaybeShape{{kHuge, 4, -1}}));
  EXPECT_EQ(infer_fact(node, {of_shape({3, 8}), of_ints({2, -1})}).shape, (MaybeShape{{2, 12}})) << "counted where it can be";
}

TEST(ValueFacts, WindowsBeyondAnyExtentHaveNoShape) {
  const ValueFact image = of_shape({1, 3, kMost, kMost}), weight = of_shape({8, 3, 3, 3});
  const auto shape_with = [&](const std::string& attribute, const std::vector<std::int64_t>& values, const ValueFact& x) {
    auto node = node_of("Conv");
    set_attribute(node, attribute, values);
    return infer_fact(node, {x, weight}).shape;
  };
  EXPECT_EQ(shape_with("pads", {1, 1, 1, 1}, image), std::nullopt);
  EXPECT_EQ(shape_with("pads", {kMost, kMost, kMost, kMost}, of_shape({1, 3, 8, 8})), std::nullopt);
  EXPECT_EQ(shape_with("dilations", {kMost, kMost}, of_shape({1, 3, 8, 8})), std::nullopt);
  EXPECT_EQ(infer_fact(node_of("Conv"), {of_shape({1, 3, 8, 8}), of_shape({8, 3, kMost, kMost})}).shape, std::nullopt);
  EXPECT_EQ(shape_with("pads", {1, 1, 1, 1}, of_shape({1, 3, 8, 8})), (MaybeShape{{1, 8, 8, 8}}));
  auto pool = node_of("MaxPool");
  set_attribute(pool, "kernel_shape", {1, 1});
  set_attribute(pool, "pads", {1, 1, 0, 0});
  EXPECT_EQ(infer_fact(pool, {of_shape({1, 3, kMost, kMost})}).shape, std::nullopt) << "one more than the largest extent";
}

/// Each of 40 nodes has twice as many numbers as the one before.
TEST(ValueFacts, LongListsAreNotFollowed) {
  onnx::GraphProto graph;
  std::string last = ints(graph, "two", {1, 2});
  for (int i = 0; i < 40; ++i) {
    const auto next = "v" + std::to_string(i);
    set_attribute(append(graph, "Concat", {last, last}, next), "axis", 0);
    last = next;
  }
  const ValueFacts facts(graph);
  EXPECT_EQ(facts.of("v8").ints->size(), 1024U);
  EXPECT_EQ(facts.of("v9").ints, std::nullopt);
  EXPECT_EQ(facts.of("v9").shape, (MaybeShape{{2048}}));
}

/// Of values within the graph the file may say anything; of its inputs, what it says holds.
TEST(ValueFacts, DeclaredShapesOfInnerValuesAreNotBelieved) {
  onnx::GraphProto graph;
  declare(*graph.add_input(), "x", onnx_type::kFloat, {1, 3, 8, 8});
  declare(*graph.add_value_info(), "n", onnx_type::kInt64, {7, 7});
  append(graph, "NonZero", {"x"}, "n");
  for (const auto* name : {"other", "values", "places"}) declare(*graph.add_value_info(), name, onnx_type::kFloat, {7});
  append(graph, "Conv", {"x"}, "other").set_domain("com.example");
  append(graph, "TopK", {"x", "n"}, "values").add_output("places");
  const ValueFacts facts(graph);
  EXPECT_EQ(facts.of("x").shape, (MaybeShape{{1, 3, 8, 8}}));
  for (const auto* name : {"n", "other", "values", "places"}) EXPECT_EQ(facts.of(name).shape, std::nullopt) << name;
  EXPECT_EQ(facts.of("n").type, onnx_type::kInt64);
}

TEST(ValueFacts, SlicesOfHugeStepsTakeOneElement) {
  const auto node = node_of("Slice");
  const auto cut = [&](std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t extent) {
    return infer_fact(node, {of_shape({extent}), of_ints({start}), of_ints({end}), of_ints({0}), of_ints({step})}).shape;
  };
  EXPECT_EQ(cut(0, kMost, kMost, 10), (MaybeShape{{1}}));
  EXPECT_EQ(cut(0, kMost, kMost, kMost), (MaybeShape{{1}}));
  EXPECT_EQ(cut(-kMost, kMost, 3, 10), (MaybeShape{{4}}));
  EXPECT_EQ(cut(5, 2, 1, 10), (MaybeShape{{0}}));
}

/// A whole file with such shapes is cleaned without claiming anything about them.
TEST(ValueFacts, NothingIsFoldedByShapesThatCannotBeCounted) {
  onnx::GraphProto graph;
  declare(*graph.add_input(), "x", onnx_type::kFloat, {kHuge, kHuge});
  declare(*graph.add_value_info(), "n", onnx_type::kInt64, {kHuge, kHuge});
  append(graph, "Shape", {"x"}, "s");
  append(graph, "Reshape", {"s", ints(graph, "to", {kHuge, kHuge})}, "n");
  append(graph, "Reshape", {"x", ints(graph, "flat", {-1})}, "y");
  append(graph, "Cast", {"n"}, "z");
  graph.add_output()->set_name("y");
  graph.add_output()->set_name("z");
  EXPECT_EQ(fold_shape_arithmetic(graph), 1) << "only the extents of x themselves";
}

}  // namespace
}  // namespace nibble::testing

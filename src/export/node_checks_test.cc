// SPDX-License-Identifier: Apache-2.0
#include "export/node_checks.h"

#include <limits>

#include "support/exported.h"
#include "support/onnx_build.h"

namespace nibble::testing {
namespace {

void expect_refused(const onnx::GraphProto& graph, const std::string& part) {
  expect_error(ErrorKind::input, part, [&] { check_nodes(graph, "m.onnx"); });
}

TEST(NodeChecks, NumbersThatAreDividedByAreAtLeastOne) {
  for (const auto* op : {"Conv", "ConvInteger", "QLinearConv", "ConvTranspose", "MaxPool", "AveragePool"})
    for (const auto* name : {"strides", "dilations", "kernel_shape"}) {
      onnx::GraphProto graph;
      auto& node = append(graph, op, {"x", "w"}, "y");
      set_attribute(node, name, std::vector<std::int64_t>{1, 0});
      expect_refused(graph, std::string("m.onnx: node 'y' (") + op + "): " + name + " holds 0");
    }
  onnx::GraphProto grouped, blocks;
  set_attribute(append(grouped, "Conv", {"x", "w"}, "y"), "group", 0);
  expect_refused(grouped, "group is 0");
  set_attribute(append(blocks, "DepthToSpace", {"x"}, "y"), "blocksize", -2);
  expect_refused(blocks, "blocksize is -2");
}

TEST(NodeChecks, DivisionsOfConstantsHaveAResult) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  const auto divided = [](std::int64_t by, std::int64_t what, const char* op) {
    onnx::GraphProto graph;
    append(graph, op, {ints(graph, "a", {what}), ints(graph, "b", {by})}, "y");
    return graph;
  };
  expect_refused(divided(0, 6, "Div"), "divides integers by 0");
  expect_refused(divided(0, 6, "Mod"), "divides integers by 0");
  expect_refused(divided(-1, kLeast, "Div"), "divides the least integer by -1");
  EXPECT_NO_THROW(check_nodes(divided(-1, 6, "Div"), "m.onnx"));
  EXPECT_NO_THROW(check_nodes(divided(2, kLeast, "Div"), "m.onnx"));
}

TEST(NodeChecks, BodiesAreCheckedToo) {
  onnx::GraphProto graph;
  auto& attribute = *append(graph, "Loop", {"n", "go"}, "y").add_attribute();
  attribute.set_name("body");
  set_attribute(append(*attribute.mutable_g(), "MaxPool", {"v"}, "w"), "strides", std::vector<std::int64_t>{0});
  expect_refused(graph, "node 'w' (MaxPool)");
}

TEST(NodeChecks, BodiesWithinBodiesEnd) {
  onnx::GraphProto graph;
  auto* body = &graph;
  for (int i = 0; i < 13; ++i) {
    if (i == 12) {
      EXPECT_NO_THROW(check_nodes(graph, "m.onnx"));
    }
    auto& attribute = *append(*body, "If", {"go"}, "y" + std::to_string(i)).add_attribute();
    attribute.set_name("then_branch");
    body = attribute.mutable_g();
  }
  expect_refused(graph, "node 'y12' (If): bodies of If, Loop and Scan lie within each other more than 12 deep");
}

TEST(NodeChecks, OperatorsOfOthersAreTheirOwnAffair) {
  onnx::GraphProto graph;
  auto& node = append(graph, "Conv", {"x"}, "y");
  node.set_domain("com.example");
  set_attribute(node, "strides", std::vector<std::int64_t>{0});
  EXPECT_NO_THROW(check_nodes(graph, "m.onnx"));
}

}  // namespace
}  // namespace nibble::testing

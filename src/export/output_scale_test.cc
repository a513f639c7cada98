// SPDX-License-Identifier: Apache-2.0
#include "export/output_scale.h"

#include <gmock/gmock.h>

#include "support/onnx_build.h"

namespace nibble::testing {
namespace {

/// boxes and scores -> Concat -> QuantizeLinear -> DequantizeLinear -> Transpose -> output0.
onnx::GraphProto joined(float scale, const std::string& join = "Concat") {
  onnx::GraphProto graph;
  auto& node = append(graph, join, {"boxes", "scores"}, "both");
  set_attribute(node, "axis", std::int64_t{1});
  append(graph, "QuantizeLinear", {"both", number(graph, "scale", scale), code(graph, "zero", 0)}, "codes");
  append(graph, "DequantizeLinear", {"codes", "scale", "zero"}, "back");
  append(graph, "Transpose", {"back"}, "output0");
  declare(*graph.add_output(), "output0", 1, {1, 84, 8400});
  return graph;
}

TEST(OutputScale, OneCoarseScaleOfBoxesAndScoresIsNamed) {
  const auto found = find_shared_output_scale(joined(2.51F));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->output, "output0");
  EXPECT_NEAR(found->scale, 2.51, 1e-6);
  EXPECT_THAT(text_of(*found), ::testing::HasSubstr("output0 is quantised with one scale (2.51) for boxes and scores"));
}

TEST(OutputScale, FineScalesAndSeparateOnesAreNot) {
  EXPECT_FALSE(find_shared_output_scale(joined(0.01F))) << "16 bits";
  EXPECT_FALSE(find_shared_output_scale(joined(2.51F, "Add"))) << "nothing was joined";
  onnx::GraphProto graph;
  append(graph, "QuantizeLinear", {"boxes", number(graph, "scale", 2.5F)}, "codes");
  append(graph, "DequantizeLinear", {"codes", "scale"}, "back");
  append(graph, "Concat", {"back", "scores"}, "output0");
  declare(*graph.add_output(), "output0", 1, {1, 84, 8400});
  EXPECT_FALSE(find_shared_output_scale(graph));
}

TEST(OutputScale, ACircleEnds) {
  onnx::GraphProto graph;
  append(graph, "Identity", {"output0"}, "a");
  append(graph, "Identity", {"a"}, "output0");
  declare(*graph.add_output(), "output0", 1, {1});
  EXPECT_FALSE(find_shared_output_scale(graph));
}

}  // namespace
}  // namespace nibble::testing

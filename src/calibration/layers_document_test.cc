// SPDX-License-Identifier: Apache-2.0
#include "calibration/layers_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report_json.h"

namespace nibble {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// One 1x1 convolution "conv".
Graph one_convolution() {
  Graph graph;
  const ValueId images = graph.add_input("images", {1, 2, 4, 4});
  const ValueId weight = graph.add_constant("weight", Tensor::of<float>({2, 2, 1, 1}, {1, 2, 3, 4}));
  const ValueId bias = graph.add_constant("bias", Tensor::of<float>({2}, {0, 0}));
  graph.outputs = {graph.add("conv", op::Conv{}, {images, weight, bias})};
  return graph;
}

Recipe recipe_of(Rounding rounding) {
  Recipe recipe;
  recipe.name = "test";
  recipe.weights.bits = 4;
  recipe.weights.rounding = rounding;
  return recipe;
}

CalibrationResult result_of(int weight_bits, const std::string& method) {
  LayerStat layer;
  layer.node = "conv";
  layer.weight_bits = weight_bits;
  layer.method = method;
  CalibrationResult result;
  result.graph = one_convolution();
  result.layers = {layer};
  result.images = 2;
  return result;
}

TEST(ReportOf, ALayerThatGotWhatWasAskedIsNotSkipped) {
  const auto report = report_of(one_convolution(), recipe_of(Rounding::gptq), result_of(4, "gptq"));
  EXPECT_EQ(report.quantized_layers, 1);
  EXPECT_THAT(report.skipped_layers, IsEmpty());
  EXPECT_THAT(report_of(one_convolution(), recipe_of(Rounding::nearest), result_of(4, "nearest")).skipped_layers, IsEmpty());
}

TEST(ReportOf, AnotherMethodOrFewerBitsIsASkip) {
  const auto fallback = report_of(one_convolution(), recipe_of(Rounding::gptq), result_of(4, "nearest"));
  EXPECT_THAT(fallback.skipped_layers, IsEmpty());
  EXPECT_THAT(fallback.rounded_with_less, ElementsAre(HasSubstr("conv: nearest instead of gptq")));
  EXPECT_EQ(recipe_report_from_json(to_json(fallback)).rounded_with_less, fallback.rounded_with_less);
  const auto left_float = report_of(one_convolution(), recipe_of(Rounding::gptq), result_of(32, "float"));
  EXPECT_THAT(left_float.skipped_layers, ElementsAre(HasSubstr("32 weight bits instead of 4")));
  EXPECT_EQ(left_float.quantized_layers, 0);
}

TEST(ReportOf, MoreBitsAreWhatMixedPrecisionAsksFor) {
  auto recipe = recipe_of(Rounding::gptq);
  EXPECT_THAT(report_of(one_convolution(), recipe, result_of(8, "gptq")).skipped_layers, ElementsAre(HasSubstr("8 weight bits")));
  recipe.mixed.average_bits = 4.5;
  EXPECT_THAT(report_of(one_convolution(), recipe, result_of(8, "gptq")).skipped_layers, IsEmpty());
}

TEST(ReportOf, ALayerWithoutARowIsASkip) {
  auto result = result_of(4, "gptq");
  result.layers.clear();
  const auto report = report_of(one_convolution(), recipe_of(Rounding::gptq), result);
  EXPECT_THAT(report.skipped_layers, ElementsAre(HasSubstr("conv")));
}

}  // namespace
}  // namespace nibble

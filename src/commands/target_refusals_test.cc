// SPDX-License-Identifier: Apache-2.0
#include "commands/target_refusals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/onnx_build.h"

namespace nibble::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct File {
  std::int8_t lowest = -7, weight_zero = 0, input_zero = 0, clip_low = -7;
  bool clip = false, activations = true, unpack = false;
  std::int64_t block = 0;
};

/// One weight of two codes and, where asked, the quantiser of an input.
onnx::ModelProto model_of(const File& file) {
  onnx::ModelProto model;
  auto& graph = *model.mutable_graph();
  const std::int8_t codes[] = {file.lowest, 3};
  auto& weights = add_tensor(graph, "codes", file.unpack ? 2 : 3);
  weights.add_dims(2);
  weights.set_raw_data(codes, sizeof codes);
  if (file.unpack) {
    append(graph, "BitwiseAnd", {"codes", "mask"}, "low");
    return model;
  }
  std::string from = "codes";
  if (file.clip) {
    append(graph, "Clip", {"codes", code(graph, "min", file.clip_low), code(graph, "max", 7)}, "clipped");
    from = "clipped";
  }
  auto& dequantize = append(graph, "DequantizeLinear", {from, number(graph, "scale", 0.5F), code(graph, "zero", file.weight_zero)}, "w");
  if (file.block > 0) set_attribute(dequantize, "block_size", file.block);
  if (file.activations) append(graph, "QuantizeLinear", {"x", "scale", code(graph, "input_zero", file.input_zero)}, "x_codes");
  return model;
}

std::vector<std::string> refused(const std::string& target, const File& file) {
  std::vector<std::string> found;
  for (const auto& row : refusals_of(census_of(model_of(file)), find_target(target)))
    for (const auto& node : row.nodes) found.push_back(row.op + ": " + node);
  return found;
}

TEST(TargetRefusals, NothingOfWhatTheTargetIsWrittenFor) {
  for (const auto& target : targets()) EXPECT_THAT(refused(std::string(target.name), {}), IsEmpty()) << target.name;
  for (const auto& target : targets()) EXPECT_THAT(refusals_of({}, target), IsEmpty()) << "float, " << target.name;
}

TEST(TargetRefusals, ZeroPoints) {
  EXPECT_THAT(refused("tensorrt", {.weight_zero = 1}), ElementsAre("DequantizeLinear of weights: w"));
  EXPECT_THAT(refused("tensorrt", {.input_zero = -128}), ElementsAre("QuantizeLinear: x_codes"));
  EXPECT_THAT(refused("qnn", {.input_zero = -128}), IsEmpty());
  EXPECT_THAT(refused("qnn", {.weight_zero = 1}), ElementsAre("DequantizeLinear of weights: w"));
  EXPECT_THAT(refused("openvino", {.weight_zero = 1, .input_zero = 1}), IsEmpty());
}

TEST(TargetRefusals, ClipsAndTheLowestCode) {
  EXPECT_THAT(refused("tensorrt", {.clip = true}), ElementsAre("Clip: clipped"));
  EXPECT_THAT(refused("brevitas", {.clip = true}), IsEmpty());
  EXPECT_THAT(refused("litert", {.lowest = -8, .clip_low = -8, .clip = true}),
              ElementsAre("DequantizeLinear of weights: w", "Clip: clipped"));
  EXPECT_THAT(refused("litert", {.lowest = -8}), IsEmpty()) << "of a byte the lowest is -128";
  EXPECT_THAT(refused("litert", {.lowest = -128}), ElementsAre("DequantizeLinear of weights: w"));
}

TEST(TargetRefusals, WhatItsActivationsAndDialectAre) {
  EXPECT_THAT(refused("qnn", {.activations = false}), ElementsAre("weights beside float activations: w"));
  EXPECT_THAT(refused("tensorrt", {.block = 16}), ElementsAre("DequantizeLinear with scales per block: w"));
  EXPECT_THAT(refused("ort-cuda", {.block = 16}), ElementsAre("DequantizeLinear with scales per block: w"));
  EXPECT_THAT(refused("tensorrt", {.unpack = true}), ElementsAre("nodes of the unpack dialect: low"));
  EXPECT_THAT(refused("ort-cpu", {.unpack = true}), IsEmpty());
  EXPECT_THAT(refused("ort-cuda", {.activations = false}), IsEmpty()) << "QCDQ is slower there than unpack, and runs";
}

TEST(TargetRefusals, IntegerKernelsAreThoseOfActivations) {
  auto model = model_of({.activations = false, .unpack = true});
  auto& graph = *model.mutable_graph();
  code(graph, "mask", 15);
  append(graph, "ConvInteger", {"low", "mask"}, "sums");  // a decoder that adds symbols up
  EXPECT_EQ(refusals_of(census_of(model), find_target("tensorrt")).at(0).op, "nodes of the unpack dialect");
  append(graph, "ConvInteger", {"x", "low"}, "y");
  const auto rows = refusals_of(census_of(model), find_target("tensorrt"));
  EXPECT_EQ(rows.at(0).op, "nodes of the integer dialect");
  EXPECT_THAT(rows.at(0).nodes, ElementsAre("y"));
}

}  // namespace
}  // namespace nibble::testing

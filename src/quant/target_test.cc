// SPDX-License-Identifier: Apache-2.0
#include "quant/target.h"

#include <gmock/gmock.h>

#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

Recipe shipped(const std::string& name) { return load_recipe(name); }

Recipe for_target(const std::string& recipe, const std::string& target) {
  Recipe made = shipped(recipe);
  apply_target(made, target);
  return made;
}

TEST(Target, SetsWhatTheConsumerDemands) {
  const auto tensorrt = for_target("w4a8", "tensorrt");
  EXPECT_TRUE(tensorrt.weights.symmetric && tensorrt.activations.symmetric);
  EXPECT_FALSE(tensorrt.weights.narrow);
  EXPECT_EQ(tensorrt.name, "w4a8-tensorrt");
  const auto litert = for_target("w4a8", "litert");
  EXPECT_TRUE(litert.weights.symmetric && litert.weights.narrow);
  EXPECT_FALSE(litert.activations.symmetric) << "its specification allows zero points of activations";
  const auto plain = for_target("w4a8", "ort-cpu");
  EXPECT_FALSE(plain.weights.symmetric || plain.activations.symmetric || plain.weights.narrow);
}

TEST(Target, RefusesWhatTheConsumerCannotDo) {
  expect_error(ErrorKind::unsupported, {"w4a16", "qnn", "float activations", "use w4a8", "read, not run"},
               [] { for_target("w4a16", "qnn"); });
  expect_error(ErrorKind::unsupported, {"w4a16-block16", "tensorrt", "scales per block"}, [] { for_target("w4a16-block16", "tensorrt"); });
  expect_error(ErrorKind::unsupported, {"w4a16-block16", "brevitas"}, [] { for_target("w4a16-block16", "brevitas"); });
  EXPECT_NO_THROW(for_target("w4a16-block16", "ort-cuda")) << "blocks are decoded to float there";
  expect_error(ErrorKind::usage, {"tpu", "ort-cpu", "tensorrt"}, [] { for_target("w4a16", "tpu"); });
}

TEST(Target, TakesOnlyTheFilesThatAreForTheConsumer) {
  EXPECT_TRUE(takes_dialect(for_target("w4a16", "ort-cpu"), "unpack"));
  EXPECT_FALSE(takes_dialect(for_target("w4a16", "ort-cpu"), "int4"));
  EXPECT_TRUE(takes_dialect(for_target("w4a8", "ort-cpu"), "integer"));
  EXPECT_FALSE(takes_dialect(for_target("w4a8", "ort-cuda"), "integer")) << "biases of the integer form have no CUDA kernel";
  EXPECT_TRUE(takes_dialect(shipped("w4a16"), "int4")) << "no target: all";
  EXPECT_FALSE(takes_dialect(for_target("w4a16", "openvino"), "")) << "an empty place of the table is no dialect";
}

TEST(Target, IsAppliedOnceAndReadBack) {
  auto twice = for_target("w4a8", "tensorrt");
  apply_target(twice, "tensorrt");
  EXPECT_EQ(twice.name, "w4a8-tensorrt");
  EXPECT_EQ(parse_recipe(to_json(twice), "recipe.json").target, "tensorrt");
  EXPECT_FALSE(to_json(shipped("w4a8")).contains("target")) << "keys of earlier runs stay as they were";
  expect_error(ErrorKind::usage, {"tpu"}, [] { parse_recipe(Json{{"name", "a"}, {"target", "tpu"}}, "a.yaml"); });
}

}  // namespace
}  // namespace nibble

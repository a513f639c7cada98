// SPDX-License-Identifier: Apache-2.0
#include "artifacts/variant_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "nibble/error.h"
#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;

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

std::vector<std::string> dialects_of(const Recipe& recipe, const Dialects& wanted) {
  std::vector<std::string> names;
  for (const auto& file : files_of(recipe, wanted)) names.push_back(file.dialect + file.suffix);
  return names;
}

TEST(FilesOf, IntegersNeedEightBitActivationsAndNoBlocks) {
  auto recipe = recipe_of(Rounding::gptq);
  EXPECT_THAT(dialects_of(recipe, {}), ElementsAre("qcdq", "qcdqopt", "qcdqfp16", "int4", "int4fp16", "unpack", "unpackfp16"));
  EXPECT_THROW(files_of(recipe, parse_dialects("integer")), Error);
  recipe.activations.bits = 8;
  EXPECT_THAT(dialects_of(recipe, {}), ElementsAre("qcdq", "qcdqopt", "int4", "integer"));
  EXPECT_THAT(dialects_of(recipe, parse_dialects("integer")), ElementsAre("integer"));
  recipe.weights.granularity = Granularity::block;
  EXPECT_THAT(dialects_of(recipe, {}), ElementsAre("int4"));
}

TEST(FilesOf, UnpackIsForFloatActivationsAndForBlocks) {
  auto recipe = recipe_of(Rounding::gptq);
  EXPECT_THAT(dialects_of(recipe, parse_dialects("unpack")), ElementsAre("unpack", "unpackfp16"));
  recipe.fp16_files = false;
  EXPECT_THAT(dialects_of(recipe, parse_dialects("unpack")), ElementsAre("unpack"));
  EXPECT_THAT(dialects_of(recipe, parse_dialects("both")), ElementsAre("qcdq", "qcdqopt", "int4"));
  EXPECT_TRUE(is_scored(recipe, {"unpack", ""}));
  EXPECT_FALSE(is_scored(recipe, {"unpack", "fp16"}));
  recipe.rules.push_back({});
  recipe.rules.back().activation_bits = 8;
  EXPECT_THAT(dialects_of(recipe, {}), ElementsAre("qcdq", "qcdqopt", "int4")) << "a rule quantises activations";
  recipe.rules.clear();
  recipe.weights.granularity = Granularity::block;
  EXPECT_THAT(dialects_of(recipe, {}), ElementsAre("int4", "unpack"));
  EXPECT_TRUE(is_scored(recipe, {"int4", ""}));
  recipe.activations.bits = 8;
  test::expect_error(ErrorKind::unsupported, {"float activations", "--dialect int4"}, [&] { files_of(recipe, parse_dialects("unpack")); });
  test::expect_error(ErrorKind::usage, {"unpack"}, [] { parse_dialects("unpacked"); });
}

TEST(FilesOf, ATrellisIsPackedInUnpackFilesWhateverTheActivations) {
  auto recipe = recipe_of(Rounding::gptq);
  recipe.weights.code = WeightCode::trellis;
  EXPECT_THAT(dialects_of(recipe, {}), ElementsAre("qcdq", "qcdqopt", "qcdqfp16", "unpack", "unpackfp16"));
  EXPECT_THAT(dialects_of(recipe, wanted_dialects("", recipe)), ElementsAre("unpack", "unpackfp16"));
  recipe.activations.bits = 8;
  EXPECT_THAT(dialects_of(recipe, {}), ElementsAre("qcdq", "qcdqopt", "unpack", "integer"));
  test::expect_error(ErrorKind::unsupported, {"8-bit levels", "--dialect unpack"}, [&] { files_of(recipe, parse_dialects("int4")); });
}

TEST(WriteVariantFiles, LeavesNoScratchFileBehindWhenCleaningFails) {
  const fs::path folder = test::process_folder() / "nibble_ptq_scratch";
  fs::remove_all(folder);
  write_file(folder / "model.onnx/occupied", "a folder where the file should go");
  Detector baseline;
  baseline.graph = one_convolution();
  const auto path_of = [&](const VariantFile&) { return folder / "model.onnx"; };
  EXPECT_THROW(write_variant_files(baseline, {baseline.graph}, recipe_of(Rounding::gptq), {{"int4", ""}}, {}, path_of), Error);
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(folder)) left.push_back(entry.path().filename().string());
  EXPECT_THAT(left, ElementsAre("model.onnx"));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace nibble

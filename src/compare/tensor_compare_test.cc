// SPDX-License-Identifier: Apache-2.0
#include "compare/tensor_compare.h"

#include <gmock/gmock.h>

#include "base/layer_part.h"
#include "export/emit.h"
#include "export/onnx_file.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using test::expect_error;
using testing::ElementsAre;

/// Three 1 x 1 convolutions in a row, "m.0", "m.1", "m.2", each times `factors`, with SiLU between.
Graph chain(const std::vector<float>& factors, const std::string& stem = "m.") {
  Graph graph;
  auto x = graph.add_input("x", {1, 1, 2, 2}, DType::f32);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const auto name = stem + std::to_string(i);
    const auto w = graph.add_constant(name + ".weight", Tensor::of<float>({1, 1, 1, 1}, {factors[i]}));
    x = graph.add(name, op::Conv{}, {x, w});
    if (i + 1 < factors.size()) x = graph.add(name + ".act", op::Silu{}, {x});
  }
  graph.outputs = {x};
  return graph;
}

class TensorCompare : public test::Scratch {
 protected:
  std::filesystem::path write(const std::string& name, const Graph& graph) {
    emit_model(graph, {}, folder() / name);
    return folder() / name;
  }
  static TensorComparison compare(const std::filesystem::path& a, const std::filesystem::path& b, std::int64_t images = 2) {
    const auto input = [](std::int64_t i) { return Tensor::of<float>({1, 1, 2, 2}, {0.1F, 0.9F, static_cast<float>(i), 0.5F}); };
    RuntimeOptions runtime;
    runtime.threads = 1;
    Progress silent;
    return compare_tensors(a, b, images, input, runtime, silent);
  }
};

TEST_F(TensorCompare, NamesTheFirstLayerThatDiffers) {
  const auto a = write("a.onnx", chain({1, 2, 3})), b = write("b.onnx", chain({1, 1.5F, 3}));
  const auto found = compare(a, b);
  ASSERT_EQ(found.layers.size(), 3U);
  EXPECT_TRUE(found.layers[0].is_equal());
  EXPECT_EQ(found.first_different(), 1U);
  EXPECT_NEAR(found.layers[1].slope, 0.75, 1e-6);
  EXPECT_EQ(found.first_below(kDivergedDb), 1U);
  EXPECT_FALSE(found.layers[0].inherited_db);
  EXPECT_FALSE(found.layers[1].drop_db()) << "what feeds it is equal";
  ASSERT_TRUE(found.layers[2].drop_db());
  EXPECT_NEAR(*found.layers[2].drop_db(), found.layers[1].sqnr_db - found.layers[2].sqnr_db, 1e-9);
  EXPECT_THAT(found.by_drop(), ElementsAre(2));
  EXPECT_THAT(found.is_end, ElementsAre(false, false, true));
}

TEST_F(TensorCompare, AFileEqualsItself) {
  const auto a = write("a.onnx", chain({1, 2, 3}));
  const auto found = compare(a, a);
  EXPECT_FALSE(found.first_different());
  EXPECT_FALSE(found.first_below(kDivergedDb));
}

TEST_F(TensorCompare, OtherNamesAreMatchedByTheirOrder) {
  const auto a = write("a.onnx", chain({1, 2, 3})), b = write("b.onnx", chain({1, 2, 4}, "other."));
  const auto found = compare(a, b);
  EXPECT_TRUE(found.matched_by_place);
  EXPECT_EQ(found.first_different(), 2U);
  const auto longer = write("longer.onnx", chain({1, 2, 3, 4}, "other."));
  expect_error(ErrorKind::input, {"a.onnx", "longer.onnx", "not two files of one network"}, [&] { compare(a, longer); });
}

TEST_F(TensorCompare, WhatOnlyOneFileHasIsNamed) {
  const auto a = write("a.onnx", chain({1, 2, 3})), b = write("b.onnx", chain({1, 2}));
  EXPECT_THAT(compare(a, b).only_a, ElementsAre("m.2"));
  EXPECT_THAT(compare(b, a).only_b, ElementsAre("m.2"));
}

TEST_F(TensorCompare, TheFirstLayerThatIsNotFiniteStandsOut) {
  const auto a = write("a.onnx", chain({1, 2, 3})), b = write("b.onnx", chain({1, 3e38F, 3}));
  const auto found = compare(a, b);
  EXPECT_TRUE(found.layers[1].is_finite || !found.layers[2].is_finite);
  EXPECT_FALSE(found.layers[2].is_finite);
  EXPECT_TRUE(found.first_below(kDivergedDb));
}

TEST(PartOf, TakesWordsFromTheFront) {
  EXPECT_EQ(part_of("model.8.m.0.cv1.conv", 2), "model.8");
  EXPECT_EQ(part_of("model.23.cv3.0.2", 3), "model.23.cv3");
  EXPECT_EQ(part_of("/model.8/cv1/conv/Conv", 2), "/model.8");
  EXPECT_EQ(part_of("stem", 2), "stem");
  EXPECT_EQ(part_of("", 2), "");
}

}  // namespace
}  // namespace nibble

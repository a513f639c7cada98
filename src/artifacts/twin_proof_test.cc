// SPDX-License-Identifier: Apache-2.0
#include "artifacts/twin_proof.h"

#include <gmock/gmock.h>

#include "export/onnx_file.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

/// One quantised 1x1 convolution "conv".
Graph quantised_convolution() {
  Graph graph;
  const auto images = graph.add_input("images", {1, 2, 4, 4});
  const auto weight = graph.add_constant("conv.weight", Tensor::of<std::int8_t>({2, 2, 1, 1}, {-8, 7, 3, -1}));
  graph.value(weight).dtype = DType::f32;
  graph.value(weight).quant =
      QuantParams{{4, true, false, Granularity::channel, 0}, Tensor::of<float>({2}, {0.1F, 0.3F}), Tensor::of<std::int8_t>({2}, {0, 0})};
  const auto bias = graph.add_constant("conv.bias", Tensor::of<float>({2}, {0.7F, -0.2F}));
  graph.outputs = {graph.add("conv", op::Conv{}, {images, weight, bias})};
  return graph;
}

class TwinProof : public test::Scratch {
 protected:
  TwinProof() {
    recipe_.name = "w4";
    recipe_.weights.bits = 4;
    files_ = files_of(recipe_, {});
    write_variant_files({}, {quantised_convolution()}, recipe_, files_, {}, path_of_);
  }
  std::vector<TwinReport> proof() { return prove_twins(recipe_, files_, path_of_); }

  Recipe recipe_;
  std::vector<VariantFile> files_;
  VariantPath path_of_ = [this](const VariantFile& file) { return folder() / (file.dialect + file.suffix + ".onnx"); };
};

TEST_F(TwinProof, EveryFileOfARecipeIsProven) {
  const auto twins = proof();
  std::vector<std::string> pairs;
  for (const auto& twin : twins) {
    pairs.push_back(twin.artifact + " = " + twin.reference);
    EXPECT_EQ(twin.difference, "");
    EXPECT_EQ(twin.layers, 1);
    EXPECT_EQ(twin.codes, 4);
  }
  EXPECT_THAT(pairs,
              ElementsAre("w4-qcdq-ptq-opt = w4-qcdq-ptq", "w4-int4-ptq = w4-qcdq-ptq-opt", "w4-qcdq-ptq-fp16 = w4-qcdq-ptq-opt",
                          "w4-int4-ptq-fp16 = w4-qcdq-ptq-fp16", "w4-unpack-ptq = w4-int4-ptq", "w4-unpack-ptq-fp16 = w4-int4-ptq-fp16"));
  EXPECT_EQ(twins[1].weights, 4 + 2);
  EXPECT_EQ(twins[2].weights, 0) << "scales of the FP16 file are rounded: only its integers are the same";
  EXPECT_EQ(twins[3].weights, 4 + 2);
  EXPECT_EQ(twins[4].weights, 4 + 2);
  EXPECT_EQ(twins[5].weights, 4 + 2) << "both round the scale once and the product once";
  require_twins(twins);
}

TEST_F(TwinProof, ABitInOneFileIsFound) {
  const auto packed = path_of_({"int4", ""});
  auto model = read_onnx(packed);
  for (auto& tensor : *model.mutable_graph()->mutable_initializer())
    if (tensor.name() == "conv.weight_codes") (*tensor.mutable_raw_data())[0] ^= 1;
  write_onnx(model, packed);
  const auto twins = proof();
  EXPECT_THAT(twins[1].difference, HasSubstr("differ in code 0"));
  test::expect_error(ErrorKind::internal, {"w4-int4-ptq", "node 'conv'"}, [&] { require_twins(twins); });
}

}  // namespace
}  // namespace nibble

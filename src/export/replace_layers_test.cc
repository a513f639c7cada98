// SPDX-License-Identifier: Apache-2.0
#include "export/replace_layers.h"

#include <gtest/gtest.h>

#include "support/exported.h"

namespace nibble::testing {
namespace {

/// The float network of quant_conv_graph, with other weights.
Graph float_graph(const Shape& weight, DType dtype = DType::f32) {
  Graph graph;
  const auto x = graph.add_input("x", {1, weight[1], 2, 2}, dtype);
  std::vector<float> values;
  for (std::int64_t i = 0; i < count_of(weight); ++i) values.push_back(0.3F * static_cast<float>(i) - 0.7F);
  const auto w = graph.add_constant("w", Tensor::of<float>(weight, values).to(dtype));
  const auto b =
      graph.add_constant("b", Tensor::of<float>({weight[0]}, std::vector<float>(static_cast<std::size_t>(weight[0]), 1.5F)).to(dtype));
  graph.outputs = {graph.add("model.0.conv", op::Conv{}, {x, w, b})};
  return graph;
}

Tensor input() { return Tensor::of<float>({1, 2, 2, 2}, {0.1F, 0.2F, 0.3F, 0.4F, -0.5F, 0.6F, 0.7F, 0.8F}); }

TEST(Transplant, GivesTheDonorsLayerWithoutItsQuantisers) {
  const TestFolder folder;
  const auto conv = four_bit_per_tensor_with_input();
  emit_model(float_graph(conv.weight), {}, folder / "float.onnx");
  const auto wanted = values_of<float>(open_plain(folder / "float.onnx").run({input()}).at(0));
  for (const auto dialect : {Dialect::qcdq, Dialect::int4}) {
    EmitOptions options;
    options.dialect = dialect;
    emit_model(quant_conv_graph(conv), options, folder / "q.onnx");
    const LayerReplacer replacer(folder / "q.onnx", folder / "float.onnx");
    const auto output = open_plain(folder / "q.onnx").outputs().at(0).name;
    const auto run = [&](const std::vector<LayerReplacement>& replacements) {
      return values_of<float>(
          Session(replacer.with_replaced(replacements, {output}), folder / "q.onnx", {.optimize = false}).run({input()}).at(0));
    };
    EXPECT_EQ(run({{"model.0.conv", "model.0.conv"}}), wanted);
    // The input's quantiser has steps of 0.5: -0.5 stays, what is below 0.25 becomes 0.
    EXPECT_NE(run({{"model.0.conv", "model.0.conv", true}}), wanted);
    EXPECT_NE(run({}), wanted) << "nothing grafted, nothing changed";
  }
}

TEST(Transplant, TheDonorMayBeQuantisedToo) {
  const TestFolder folder;
  emit_model(quant_conv_graph(four_bit_per_channel()), {}, folder / "donor.onnx");
  emit_model(float_graph({3, 2, 1, 1}), {}, folder / "stock.onnx");
  const LayerReplacer replacer(folder / "stock.onnx", folder / "donor.onnx");
  const auto output = open_plain(folder / "stock.onnx").outputs().at(0).name;
  const Session session(replacer.with_replaced({{"model.0.conv", "model.0.conv"}}, {output}), folder / "stock.onnx", {.optimize = false});
  EXPECT_EQ(values_of<float>(session.run({input()}).at(0)), values_of<float>(open_plain(folder / "donor.onnx").run({input()}).at(0)));
}

TEST(Transplant, RefusesWhatDoesNotFit) {
  const TestFolder folder;
  emit_model(float_graph({3, 2, 1, 1}), {}, folder / "a.onnx");
  emit_model(float_graph({4, 2, 1, 1}), {}, folder / "wide.onnx");
  emit_model(float_graph({3, 2, 1, 1}, DType::f16), {}, folder / "half.onnx");
  const LayerReplacer replacer(folder / "a.onnx", folder / "wide.onnx");
  expect_error(ErrorKind::input, "another shape", [&] { replacer.with_replaced({{"model.0.conv", "model.0.conv"}}, {"y"}); });
  expect_error(ErrorKind::input, "no convolution 'model.9'", [&] { replacer.with_replaced({{"model.9", "model.0.conv"}}, {"y"}); });
  expect_error(ErrorKind::unsupported, "computes in float16", [&] { LayerReplacer(folder / "half.onnx", folder / "a.onnx"); });
}

}  // namespace
}  // namespace nibble::testing

// SPDX-License-Identifier: Apache-2.0
#include "export/value_sites.h"

#include <gmock/gmock.h>

#include "support/exported.h"

namespace nibble::testing {
namespace {
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// 1 x 1 convolution that multiplies one channel.
ValueId add_scaling(Graph& graph, const std::string& name, ValueId x, float factor) {
  return graph.add(name, op::Conv{}, {x, graph.add_constant(name + ".weight", Tensor::of<float>({1, 1, 1, 1}, {factor}))});
}

/// first -> Sigmoid -> (second; skip) -> Add -> third
class TapsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Graph graph;
    const auto x = graph.add_input("x", {1, 1, 1, 2}, DType::f32);
    const auto first = graph.add("sigmoid", op::Sigmoid{}, {add_scaling(graph, "first", x, 2)});
    const auto sum = graph.add("sum", op::Add{}, {add_scaling(graph, "second", first, 3), first});
    graph.outputs = {add_scaling(graph, "third", sum, 1)};
    emit_model(graph, {}, model_);
  }
  TestFolder folder_;
  std::filesystem::path model_ = folder_ / "m.onnx";
};

TEST_F(TapsTest, FindsConvolutionsAndWhatFeedsThem) {
  const auto sites = find_convolutions(model_);
  ASSERT_EQ(sites.size(), 3U);
  EXPECT_EQ(sites[0].name, "first");
  EXPECT_EQ(sites[0].weight, (Shape{1, 1, 1, 1}));
  EXPECT_THAT(sites[0].sources, IsEmpty());
  EXPECT_THAT(sites[1].sources, ElementsAre(0));
  EXPECT_THAT(sites[2].sources, ElementsAre(0, 1));
}

TEST_F(TapsTest, FindsQuantisersOfActivationsBehindTheirClip) {
  EXPECT_THAT(find_quantizers(model_), IsEmpty());
  emit_model(quant_conv_graph(four_bit_per_tensor_with_input()), {}, model_);
  auto sites = find_quantizers(model_);  // that of the weights is none
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_EQ(sites[0].name, "model.0.conv.input.QuantizeLinear");
  const auto graph_of = [&](int bits) {
    Graph graph;
    const auto x = graph.add_input("x", {1, 1, 1, 2}, DType::f32);
    const QuantSpec spec{bits, true, false, Granularity::tensor, 0};
    graph.outputs = {graph.add("a", op::QuantizeDequantize{{spec, Tensor::scalar(0.5F), Tensor::scalar(std::int8_t{0})}}, {x})};
    return graph;
  };
  for (const auto& [bits, largest] : {std::pair{4, 7}, std::pair{8, 100}}) {
    emit_model(graph_of(bits), {}, model_);
    sites = find_quantizers(model_);
    ASSERT_EQ(sites.size(), 1U);
    const Session session(model_with_outputs(model_, {sites[0].codes}), model_, {.optimize = false});
    EXPECT_THAT(values_of<std::int8_t>(session.run({Tensor::of<float>({1, 1, 1, 2}, {50, 1})}).at(0)), ElementsAre(largest, 2));
  }
}

TEST_F(TapsTest, GivesInnerValuesOut) {
  const auto sites = find_convolutions(model_);
  const auto bytes = model_with_outputs(model_, {sites[2].output, sites[0].output});
  const Session session(bytes, model_, {.optimize = false});
  const auto outputs = session.run({Tensor::of<float>({1, 1, 1, 2}, {0, 1})});
  ASSERT_EQ(outputs.size(), 2U);
  EXPECT_THAT(values_of<float>(outputs[1]), ElementsAre(0, 2));
  EXPECT_THAT(values_of<float>(outputs[0]).front(), ::testing::FloatNear(4 * 0.5F, 1e-6F));
  expect_error(ErrorKind::input, "'nothing'", [&] { model_with_outputs(model_, {"nothing"}); });
}

}  // namespace
}  // namespace nibble::testing

// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <functional>
#include <limits>

#include "graph/graph.h"
#include "nibble/error.h"

namespace nibble {
namespace {

using testing::HasSubstr;

QuantParams per_channel(std::int64_t channels, float scale = 0.5F) {
  const auto count = static_cast<std::size_t>(channels);
  return {QuantSpec{.bits = 4, .is_signed = true, .narrow = true, .granularity = Granularity::channel, .block = 0},
          Tensor::of<float>({channels}, std::vector<float>(count, scale)),
          Tensor::of<std::int8_t>({channels}, std::vector<std::int8_t>(count, 0))};
}

/// images -> QuantizeDequantize -> Conv with a 4-bit weight -> Silu.
Graph quantised_graph() {
  Graph graph;
  const auto images = graph.add_input("images", {1, 2, 4, 4});
  const QuantParams input{QuantSpec{}, Tensor::scalar(0.1F), Tensor::scalar<std::int8_t>(0)};
  const auto x = graph.add("a.quant", op::QuantizeDequantize{input}, {images});
  const auto weight = graph.add_constant("a.weight", Tensor::of<std::int8_t>({2, 2, 1, 1}, {-7, 0, 3, 7}));
  graph.value(weight).dtype = DType::f32;
  graph.value(weight).quant = per_channel(2);
  const auto a = graph.add("a", op::Conv{}, {x, weight});
  graph.outputs = {graph.add("a.act", op::Silu{}, {a})};
  return graph;
}

Value& weight_of(Graph& graph) { return graph.value(graph.nodes[1].inputs[1]); }

TEST(VerifyTest, ASoundQuantisedGraphPasses) { EXPECT_NO_THROW(verify(quantised_graph())); }

TEST(VerifyTest, TheLastBlockOfScalesMayBeShorter) {
  Graph graph;
  const auto x = graph.add_input("images", {1, 6, 4, 4});
  const auto weight = graph.add_constant("a.weight", Tensor::of<std::int8_t>({1, 6, 1, 1}, {1, 2, 3, 4, 5, 6}));
  graph.value(weight).dtype = DType::f32;
  const auto scales = [](std::int64_t count) {
    return QuantParams{QuantSpec{4, true, true, Granularity::block, 4},
                       Tensor::of<float>({1, count, 1, 1}, std::vector<float>(static_cast<std::size_t>(count), 0.5F)),
                       Tensor::of<std::int8_t>({1, count, 1, 1}, std::vector<std::int8_t>(static_cast<std::size_t>(count), 0))};
  };
  graph.outputs = {graph.add("a", op::Conv{}, {x, weight})};
  graph.value(weight).quant = scales(2);
  EXPECT_NO_THROW(verify(graph));
  graph.value(weight).quant = scales(1);
  EXPECT_THROW(verify(graph), Error);
}

TEST(ScaleShapeTest, FollowsTheGranularity) {
  const auto shape = [](Granularity granularity, std::int64_t block, const Shape& weight) {
    return scale_shape({.bits = 4, .is_signed = true, .narrow = true, .granularity = granularity, .block = block}, weight);
  };
  EXPECT_EQ(shape(Granularity::tensor, 0, {8, 6, 3, 3}), Shape{});
  EXPECT_EQ(shape(Granularity::channel, 0, {8, 6, 3, 3}), Shape{8});
  EXPECT_EQ(shape(Granularity::block, 4, {8, 6, 3, 3}), (Shape{8, 2, 3, 3}));
  EXPECT_EQ(shape(Granularity::block, 3, {8, 6, 3, 3}), (Shape{8, 2, 3, 3}));
  EXPECT_EQ(shape(Granularity::block, 32, {8, 6}), (Shape{8, 1}));
  EXPECT_THROW(shape(Granularity::block, 4, {8}), Error);
  EXPECT_THROW(shape(Granularity::channel, 0, {}), Error);
}

struct Damage {
  std::string name;
  std::function<void(Graph&)> apply;
  std::string message;
  ErrorKind kind = ErrorKind::internal;
};
void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.name; }

class VerifyDamageTest : public testing::TestWithParam<Damage> {};

TEST_P(VerifyDamageTest, IsFoundAndNamed) {
  Graph graph = quantised_graph();
  GetParam().apply(graph);
  try {
    verify(graph);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), GetParam().kind);
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, VerifyDamageTest,
    testing::Values(
        Damage{"id_out_of_range", [](Graph& g) { g.nodes[1].inputs[0] = 99; }, "value 99 does not exist"},
        Damage{"node_name_twice", [](Graph& g) { g.nodes[2].name = "a"; }, "taken by another node"},
        Damage{"value_name_twice", [](Graph& g) { weight_of(g).name = "images"; }, "taken by another value"},
        Damage{"order", [](Graph& g) { std::swap(g.nodes[1], g.nodes[2]); }, "before anything produces it"},
        Damage{"produced_twice", [](Graph& g) { g.nodes[2].outputs = g.nodes[1].outputs; }, "has a producer already"},
        Damage{"never_produced",
               [](Graph& g) {
                 g.values.push_back({"lost", DType::f32, {1}, {}, {}});
               },
               "'lost': nothing produces it"},
        Damage{"recorded_shape",
               [](Graph& g) {
                 g.value(g.outputs[0]).shape = {1, 2, 4, 5};
               },
               "recorded as float32 [1,2,4,5]"},
        Damage{"no_outputs", [](Graph& g) { g.outputs.clear(); }, "there are none"},
        Damage{"constant_shape", [](Graph& g) { weight_of(g).constant = weight_of(g).constant->reshaped({4}); }, "holds [4]"},
        Damage{"code_range",
               [](Graph& g) {
                 weight_of(g).constant = Tensor::of<std::int8_t>({2, 2, 1, 1}, {-8, 0, 3, 7});
               },
               "code -8"},
        Damage{"code_dtype",
               [](Graph& g) {
                 weight_of(g).constant = Tensor::of<float>({2, 2, 1, 1}, {0, 0, 0, 0});
               },
               "codes are float32"},
        Damage{"zero_scale", [](Graph& g) { weight_of(g).quant = per_channel(2, 0.0F); }, "not positive and finite", ErrorKind::numeric},
        Damage{"nan_scale", [](Graph& g) { weight_of(g).quant = per_channel(2, std::numeric_limits<float>::quiet_NaN()); },
               "not positive and finite", ErrorKind::numeric},
        Damage{"scale_shape", [](Graph& g) { weight_of(g).quant = per_channel(3); }, "the scale is float32 [3], expected float32 [2]"},
        Damage{"bits", [](Graph& g) { weight_of(g).quant->spec.bits = 9; }, "9 bits"},
        Damage{"block",
               [](Graph& g) {
                 weight_of(g).quant->spec = {4, true, false, Granularity::block, 32};
               },
               "expected float32 [2,1,1,1]"},
        Damage{"block_of_nothing",
               [](Graph& g) {
                 weight_of(g).quant->spec = {4, true, false, Granularity::block, 0};
               },
               "blocks of 0"},
        Damage{"activation_scale", [](Graph& g) { std::get<op::QuantizeDequantize>(g.nodes[0].op).params.scale = Tensor::scalar(-1.0F); },
               "node 'a.quant' (QuantizeDequantize): scale -1", ErrorKind::numeric}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace nibble

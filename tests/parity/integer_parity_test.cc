// SPDX-License-Identifier: Apache-2.0
// The integer form in ONNX Runtime: that it runs on integers, and that integers and floats agree.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "export/twin.h"
#include "graph/rewrites.h"
#include "ort/profile.h"
#include "support/exported.h"

namespace nibble::testing {
namespace {

constexpr std::int64_t kSide = 16;
constexpr float kOutputScale = 16.0F / 255;  ///< of the range below
const OutputRange kRange{-8, 8};

struct IntegerCase {
  int bits = 4;
  Granularity granularity = Granularity::channel;
  std::int64_t groups = 1;
  std::int64_t kernel = 3;
  std::int8_t zero_point = 0;  ///< of the input
  bool symmetric = true;       ///< weights: zero points 0
  bool is_extreme = false;     ///< all weights and inputs as large as they can be
};
std::string name_of_case(const IntegerCase& c) {
  return "w" + std::to_string(c.bits) + (c.granularity == Granularity::channel ? "channel" : "tensor") + (c.groups > 1 ? "depthwise" : "") +
         "k" + std::to_string(c.kernel) + (c.zero_point != 0 ? "shifted" : "") + (c.symmetric ? "" : "asymmetric") +
         (c.is_extreme ? "extreme" : "");
}

constexpr std::int64_t kChannels = 16;

ValueId add_layer(Graph& graph, const std::string& name, ValueId x, const IntegerCase& c, std::mt19937& random) {
  const QuantParams input{{.bits = 8}, Tensor::scalar(0.02F), Tensor::scalar(c.zero_point)};
  const QuantSpec spec{.bits = c.bits, .granularity = c.granularity, .reduce_range = c.bits == 8};
  const Shape shape{kChannels, kChannels / c.groups, c.kernel, c.kernel};
  std::vector<std::int8_t> codes(static_cast<std::size_t>(count_of(shape)));
  for (auto& code : codes) code = static_cast<std::int8_t>(std::uniform_int_distribution<int>(spec.min_code(), spec.max_code())(random));
  const auto scales = static_cast<std::size_t>(count_of(scale_shape(spec, shape)));
  if (c.is_extreme)
    for (std::size_t i = 0; i < codes.size(); ++i)  // of every other channel the lowest, so that sums of both signs are there
      codes[i] = static_cast<std::int8_t>(i * kChannels / codes.size() % 2 == 0 ? spec.max_code() : spec.min_code());
  const float of_a_row = static_cast<float>(codes.size()) / kChannels;
  const float largest = (c.is_extreme ? 2 / of_a_row : 1.5F / std::sqrt(of_a_row)) / static_cast<float>(spec.max_code());
  std::vector<float> scale(scales), bias(kChannels);
  std::vector<std::int8_t> zero_points(scales, 0);
  if (!c.symmetric)
    for (auto& zero : zero_points) zero = static_cast<std::int8_t>(std::uniform_int_distribution<int>(-2, 2)(random));
  for (auto& value : scale) value = std::uniform_real_distribution<float>(largest / 2, largest)(random);
  for (auto& value : bias) value = std::uniform_real_distribution<float>(-1, 1)(random);
  const auto weight = graph.add_constant(name + ".weight", Tensor::of<std::int8_t>(shape, std::move(codes)));
  graph.value(weight).dtype = DType::f32;
  graph.value(weight).quant = QuantParams{spec, Tensor::of<float>(scale_shape(spec, shape), std::move(scale)),
                                          Tensor::of<std::int8_t>(scale_shape(spec, shape), std::move(zero_points))};
  const auto bias_id = graph.add_constant(name + ".bias", Tensor::of<float>({kChannels}, std::move(bias)));
  const op::Conv conv{.padding = {c.kernel / 2, c.kernel / 2}, .groups = c.groups};
  return graph.add(name, conv, {graph.add(name + ".input_quant", op::QuantizeDequantize{input}, {x}), weight, bias_id});
}

/// images -> a -> SiLU, the output.
Graph one_layer(const IntegerCase& c) {
  std::mt19937 random(5);
  Graph graph;
  const auto images = graph.add_input("images", {1, kChannels, kSide, kSide});
  graph.outputs = {graph.add("a.act", op::Silu{}, {add_layer(graph, "a", images, c, random)})};
  return graph;
}

Tensor images_for(const IntegerCase& c) {
  std::mt19937 random(23);
  std::vector<float> values(static_cast<std::size_t>(kChannels * kSide * kSide), 3);
  if (!c.is_extreme)
    for (auto& value : values) value = std::uniform_real_distribution<float>(-2, 2)(random);
  return Tensor::of<float>({1, kChannels, kSide, kSide}, std::move(values));
}

double largest_difference(const Tensor& a, const Tensor& b) {
  const auto x = a.as<float>(), y = b.as<float>();
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i])));
  return largest;
}

EmitOptions integer_dialect() {
  EmitOptions options;
  options.dialect = Dialect::integer;
  return options;
}

class IntegerParity : public ::testing::TestWithParam<IntegerCase> {};

/// With optimisations off every quantiser is computed in float: that is what the file says. On, integers: a code may round the
/// other way, which is one step of z, 1.1 times SiLU's slope. Against the QCDQ twin, half a step of z, of the sigmoid (times
/// |z| up to 8) and of the bias are added.
TEST_P(IntegerParity, AgreesWithinAStep) {
  const TestFolder folder;
  const Graph graph = one_layer(GetParam());
  emit_model(graph, {}, folder / "qcdq.onnx");
  emit_model(to_integer(graph, {{"a", kRange}}).graph, integer_dialect(), folder / "integer.onnx");
  require_equal_weights(folder / "qcdq.onnx", folder / "integer.onnx", Biases::rounded);
  const std::vector<Tensor> inputs{images_for(GetParam())};
  const auto reference = open_plain(folder / "qcdq.onnx").run(inputs)[0];
  const auto off = open_plain(folder / "integer.onnx").run(inputs)[0];
  const auto on = Session(folder / "integer.onnx", {.threads = 1}).run(inputs)[0];
  const double step = 1.1 * kOutputScale;
  EXPECT_LE(largest_difference(off, on), step * 1.01);
  EXPECT_LE(largest_difference(reference, off), step / 2 + 8 * 0.5 / 255 + 1e-3);
  EXPECT_GT(largest_difference(reference, off), step / 10) << "nothing was rounded";
}

TEST_P(IntegerParity, RunsOnIntegers) {
  const TestFolder folder;
  emit_model(to_integer(one_layer(GetParam()), {{"a", kRange}}).graph, integer_dialect(), folder / "m.onnx");
  std::map<std::string, int> ops;
  for (const auto& op : profile_model(folder / "m.onnx", {.threads = 1}, {images_for(GetParam())}, 1).ops()) ops[op.op] = op.nodes;
  EXPECT_EQ(ops["QLinearConv"], 1);
  EXPECT_EQ(ops["QLinearSigmoid"], 1);
  EXPECT_EQ(ops["Conv"] + ops["FusedConv"], 0);
  EXPECT_EQ(ops["Cast"] + ops["Sub"], 0) << "4-bit codes become bytes when the file is loaded, not at each run";
}

INSTANTIATE_TEST_SUITE_P(
    Weights, IntegerParity,
    ::testing::Values(IntegerCase{4}, IntegerCase{8}, IntegerCase{4, Granularity::tensor}, IntegerCase{4, Granularity::channel, kChannels},
                      IntegerCase{4, Granularity::channel, 1, 1}, IntegerCase{4, Granularity::channel, 1, 3, -20},
                      IntegerCase{4, Granularity::channel, 1, 3, -20, false}, IntegerCase{4, Granularity::tensor, 1, 3, 0, false},
                      IntegerCase{6, Granularity::channel, kChannels, 3, 0, false},
                      // Processors without VNNI add two products in 16 bits.
                      IntegerCase{4, Granularity::channel, 1, 3, 0, true, true}, IntegerCase{8, Granularity::channel, 1, 3, 0, true, true}),
    [](const auto& param_info) { return name_of_case(param_info.param); });

}  // namespace
}  // namespace nibble::testing

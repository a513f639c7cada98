// SPDX-License-Identifier: Apache-2.0
// The simulation in LibTorch and the exported file in ONNX Runtime (optimisations off) compute the same network, op by op.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <random>

#include "exec/convert.h"
#include "exec/kernels.h"
#include "export/emit.h"
#include "ort/session.h"
#include "support/scratch.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kChannels = 4;

struct WeightCase {
  QuantSpec weight;
  std::int64_t groups = 1;
  Dialect dialect = Dialect::qcdq;
  std::int8_t zero_point = 0;  ///< of the activations
  bool symmetric = true;       ///< weights: zero points 0
};

std::string name_of_case(const WeightCase& c) {
  const char* const granularity[] = {"tensor", "channel", "block"};
  const char* const dialect[] = {"qcdq", "int4", "unpack", "integer"};
  return "w" + std::to_string(c.weight.bits) + granularity[static_cast<int>(c.weight.granularity)] + (c.weight.narrow ? "narrow" : "") +
         (c.groups > 1 ? "depthwise" : "") + dialect[static_cast<int>(c.dialect)] + (c.zero_point != 0 ? "shifted" : "") +
         (c.symmetric ? "" : "asymmetric");
}

/// images -> QuantizeDequantize -> Conv with quantised weights; every value is a graph output.
Graph quantized_conv(const WeightCase& c, std::mt19937& random) {
  Graph graph;
  const Shape shape{kChannels, kChannels / c.groups, 3, 3};
  const auto draw = [&](float low, float high) { return std::uniform_real_distribution<float>(low, high)(random); };
  std::vector<std::int8_t> codes(static_cast<std::size_t>(count_of(shape)));
  for (auto& code : codes)
    code = static_cast<std::int8_t>(std::uniform_int_distribution<int>(c.weight.min_code(), c.weight.max_code())(random));
  const Shape parameters = scale_shape(c.weight, shape);
  std::vector<float> scales(static_cast<std::size_t>(count_of(parameters)));
  for (float& scale : scales) scale = draw(0.01F, 0.1F);
  std::vector<float> bias(kChannels);
  for (float& value : bias) value = draw(-1, 1);

  const ValueId images = graph.add_input("images", {1, kChannels, 8, 8});
  const QuantParams activation{{.bits = 8}, Tensor::scalar(0.0123F), Tensor::scalar(c.zero_point)};
  const ValueId x = graph.add("input_quant", op::QuantizeDequantize{activation}, {images});
  const ValueId w = graph.add_constant("weight", Tensor::of<std::int8_t>(shape, codes));
  graph.value(w).dtype = DType::f32;
  std::vector<std::int8_t> zeros(scales.size(), 0);
  if (!c.symmetric)
    for (auto& zero : zeros)
      zero = static_cast<std::int8_t>(std::uniform_int_distribution<int>(c.weight.min_code(), c.weight.max_code())(random));
  graph.value(w).quant = QuantParams{c.weight, Tensor::of<float>(parameters, scales), Tensor::of<std::int8_t>(parameters, zeros)};
  const ValueId b = graph.add_constant("bias", Tensor::of<float>({kChannels}, bias));
  graph.outputs = {x, graph.add("conv", op::Conv{.padding = {1, 1}, .groups = c.groups}, {x, w, b})};
  verify(graph);
  return graph;
}

/// Values on and around rounding boundaries of the activation quantiser, and far outside its range.
Tensor awkward_images(std::mt19937& random) {
  std::vector<float> values(kChannels * 64);
  std::uniform_int_distribution<int> half_steps(-300, 300);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = 0.0123F * static_cast<float>(half_steps(random)) / 2;
    if (i % 3 == 1) values[i] = std::nextafter(values[i], 10.0F);
  }
  return Tensor::of<float>({1, kChannels, 8, 8}, std::move(values));
}

class QuantizedParity : public testing::TestWithParam<WeightCase> {};

TEST_P(QuantizedParity, OpByOp) {
  std::mt19937 random(17);
  const Graph graph = quantized_conv(GetParam(), random);
  const fs::path file = test::process_folder() / ("nibble_parity_" + name_of_case(GetParam()) + ".onnx");
  emit_model(graph, {.dialect = GetParam().dialect, .opset = 0, .metadata = {}, .producer_version = {}}, file);
  const Session session(file, {.threads = 1, .optimize = false});
  for (int repeat = 0; repeat < 4; ++repeat) {
    const Tensor images = awkward_images(random);
    const std::vector<Tensor> runtime = session.run({images});
    const at::Tensor x = evaluate(graph.nodes[0], {to_torch(images)})[0];
    const at::Tensor y = evaluate(
        graph.nodes[1], {x, constant_of(graph.value(graph.nodes[1].inputs[1])), constant_of(graph.value(graph.nodes[1].inputs[2]))})[0];
    EXPECT_TRUE(identical(from_torch(x), runtime[0])) << "QuantizeLinear and DequantizeLinear must be bit-equal";
    EXPECT_LT((y - to_torch(runtime[1])).abs().max().item<float>(), 1e-6 * y.abs().max().item<float>()) << "the same sum in another order";
  }
  fs::remove(file);
}

INSTANTIATE_TEST_SUITE_P(Weights, QuantizedParity,
                         testing::Values(WeightCase{{.bits = 4, .granularity = Granularity::channel}},
                                         WeightCase{{.bits = 4, .granularity = Granularity::channel}, 1, Dialect::qcdq, -117},
                                         WeightCase{{.bits = 4, .granularity = Granularity::channel}, 1, Dialect::qcdq, -117, false},
                                         WeightCase{{.bits = 4, .granularity = Granularity::channel}, kChannels, Dialect::int4, 0, false},
                                         WeightCase{{.bits = 4, .granularity = Granularity::block, .block = 2}, 1, Dialect::int4, 0, false},
                                         WeightCase{{.bits = 4, .granularity = Granularity::tensor}},
                                         WeightCase{{.bits = 4, .narrow = true, .granularity = Granularity::channel}},
                                         WeightCase{{.bits = 8, .granularity = Granularity::channel}},
                                         WeightCase{{.bits = 2, .granularity = Granularity::channel}},
                                         WeightCase{{.bits = 4, .granularity = Granularity::channel}, kChannels},
                                         WeightCase{{.bits = 4, .granularity = Granularity::channel}, 1, Dialect::int4},
                                         WeightCase{{.bits = 8, .granularity = Granularity::channel}, 1, Dialect::int4},
                                         WeightCase{{.bits = 4, .granularity = Granularity::tensor}, 1, Dialect::int4},
                                         WeightCase{{.bits = 4, .granularity = Granularity::block, .block = 2}, 1, Dialect::int4},
                                         // codes less their zero points are beyond a byte
                                         WeightCase{{.bits = 8, .granularity = Granularity::channel}, 1, Dialect::unpack, 0, false},
                                         WeightCase{{.bits = 8, .granularity = Granularity::channel}, 1, Dialect::integer, 0, false},
                                         WeightCase{
                                             {.bits = 4, .granularity = Granularity::block, .block = 2}, 1, Dialect::integer, 0, false}),
                         [](const auto& param_info) { return name_of_case(param_info.param); });

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// ctest label gpu. Needs a runtime with the CUDA provider (onnxruntime-gpu) and a GPU; skips loudly without the provider.
#include <gmock/gmock.h>

#include "ort/random_run.h"
#include "support/exported.h"
#include "support/tensor_difference.h"

namespace nibble::testing {
namespace {

class SessionGpu : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto info = onnx_runtime_info();
    if (std::find(info.providers.begin(), info.providers.end(), "CUDAExecutionProvider") == info.providers.end())
      GTEST_SKIP() << "NOT TESTED ON A GPU: " << info.library
                   << " has no CUDA provider; set NIBBLE_ONNXRUNTIME to onnxruntime-gpu's library";
    if (!std::filesystem::exists("/proc/driver/nvidia/version")) GTEST_SKIP() << "NOT TESTED ON A GPU: no NVIDIA driver is loaded";
  }
  Session open(Provider provider, bool optimize) {
    SessionOptions options;
    options.provider = provider;
    options.optimize = optimize;
    return Session(folder_ / "m.onnx", options);
  }
  void expect_agreement(const Graph& graph, Dialect dialect) {
    emit_model(graph, in_dialect(dialect), folder_ / "m.onnx");
    const auto cpu = open(Provider::cpu, false), cuda = open(Provider::cuda, true);
    EXPECT_THAT(cuda.providers(), ::testing::ElementsAre("CUDAExecutionProvider", "CPUExecutionProvider"));
    const auto inputs = random_inputs(cpu, 0);
    EXPECT_LT(difference_of(cpu.run(inputs).at(0), cuda.run(inputs).at(0)).max_relative, 1e-5);
  }
  TestFolder folder_;
};

TEST_F(SessionGpu, EveryDialectAgreesWithTheCpu) {
  for (const auto& conv : {four_bit_per_channel(), four_bit_per_tensor_with_input()})
    for (const auto dialect : {Dialect::qcdq, Dialect::int4}) expect_agreement(quant_conv_graph(conv), dialect);
  for (const auto dialect : {Dialect::int4, Dialect::unpack}) expect_agreement(quant_conv_graph(four_bit_blocked()), dialect);
  expect_agreement(quant_conv_graph(four_bit_per_channel()), Dialect::unpack);
}

/// There the runtime would keep the convolution's INT32 bias as it is, for an integer kernel that only the CPU has.
TEST_F(SessionGpu, AConvolutionBetweenQuantisersAgreesWithTheCpu) {
  Graph graph = quant_conv_graph(four_bit_per_tensor_with_input());
  const QuantParams eight_bits{QuantSpec{}, Tensor::scalar(0.5F), Tensor::scalar(std::int8_t{0})};
  graph.outputs = {graph.add("requantised", op::QuantizeDequantize{eight_bits}, {graph.outputs[0]})};
  for (const auto dialect : {Dialect::qcdq, Dialect::int4}) expect_agreement(graph, dialect);
}

/// Det has a CPU kernel and none for CUDA.
void write_det(const Graph& with_mod, const std::filesystem::path& path) {
  emit_model(with_mod, {}, path);
  auto model = read_onnx(path);
  auto& graph = *model.mutable_graph();
  for (auto& node : *graph.mutable_node()) {
    if (node.op_type() != "Mod") continue;
    node.set_op_type("Det");
    node.clear_attribute();
    node.mutable_input()->RemoveLast();
  }
  graph.mutable_output(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->clear_dim();
  write_onnx(model, path);
}

TEST_F(SessionGpu, NodesWithoutAKernelAreNamed) {
  const auto expect_refusal = [&](bool after_relu, const std::string& text) {
    Graph graph;
    auto x = graph.add_input("x", {2, 2});
    if (after_relu) x = graph.add("positive", op::Relu{}, {x});
    graph.outputs = {graph.add("remainder", op::Mod{}, {x, graph.add_constant("two", Tensor::scalar(2.0F))})};
    write_det(graph, folder_ / "m.onnx");
    expect_error(ErrorKind::unsupported, text, [&] { open(Provider::cuda, true); });
  };
  expect_refusal(false, "no node has a CUDA kernel");
  expect_refusal(true, "1 nodes have no CUDA kernel (Det (remainder))");
}

}  // namespace
}  // namespace nibble::testing

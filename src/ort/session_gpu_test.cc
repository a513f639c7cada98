// SPDX-License-Identifier: Apache-2.0
// ctest label gpu. Needs a runtime with the CUDA provider (onnxruntime-gpu) and a GPU; skips loudly without the provider.
#include <gmock/gmock.h>

#include "ort/parity.h"
#include "support/exported.h"

namespace nibble::testing {
namespace {

class SessionGpu : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto info = onnx_runtime_info();
    if (std::find(info.providers.begin(), info.providers.end(), "CUDAExecutionProvider") == info.providers.end())
      GTEST_SKIP() << "NOT TESTED ON A GPU: " << info.library
                   << " has no CUDA provider; set NIBBLE_ONNXRUNTIME to onnxruntime-gpu's library";
  }
  Session open(Provider provider, bool optimize) {
    SessionOptions options;
    options.provider = provider;
    options.optimize = optimize;
    return Session(folder_ / "m.onnx", options);
  }
  TestFolder folder_;
};

TEST_F(SessionGpu, EveryDialectAgreesWithTheCpu) {
  for (const auto& conv : {four_bit_per_channel(), four_bit_per_tensor_with_input()})
    for (const auto dialect : {Dialect::qcdq, Dialect::int4}) {
      EmitOptions options;
      options.dialect = dialect;
      emit_model(quant_conv_graph(conv), options, folder_ / "m.onnx");
      const auto cpu = open(Provider::cpu, false), cuda = open(Provider::cuda, true);
      EXPECT_THAT(cuda.providers(), ::testing::ElementsAre("CUDAExecutionProvider", "CPUExecutionProvider"));
      EXPECT_LT(compare_sessions(cpu, cuda, random_inputs(cpu, 0)).at(0).max_relative, 1e-5);
    }
}

TEST_F(SessionGpu, NodesWithoutAKernelAreNamed) {
  Graph graph;
  const auto x = graph.add_input("x", {1, 4});
  graph.outputs = {graph.add("remainder", op::Mod{}, {x, graph.add_constant("two", Tensor::scalar(2.0F))})};
  emit_model(graph, {}, folder_ / "m.onnx");
  auto model = read_onnx(folder_ / "m.onnx");
  // Det has a CPU kernel and none for CUDA.
  model.mutable_graph()->mutable_node(0)->set_op_type("Det");
  model.mutable_graph()->mutable_node(0)->clear_attribute();
  model.mutable_graph()->mutable_node(0)->mutable_input()->RemoveLast();
  auto* shape = model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  shape->mutable_dim(0)->set_dim_value(2);
  shape->mutable_dim(1)->set_dim_value(2);
  model.mutable_graph()->mutable_output(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->clear_dim();
  write_onnx(model, folder_ / "m.onnx");
  expect_error(ErrorKind::unsupported, "Det (remainder)", [&] { open(Provider::cuda, true); });
}

}  // namespace
}  // namespace nibble::testing

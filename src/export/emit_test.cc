// SPDX-License-Identifier: Apache-2.0
// Every operator, printed at several opsets, accepted and computed by ONNX Runtime as its definition says.
#include "export/emit.h"

#include <gmock/gmock.h>

#include <cmath>

#include "support/exported.h"

namespace nibble::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::FloatNear;
using ::testing::Pointwise;

class EveryOpset : public ::testing::TestWithParam<int> {
 protected:
  /// One node on one input; further inputs are constants.
  std::vector<Tensor> run(const Op& op, const Tensor& x, const std::vector<Tensor>& constants = {}) const {
    Graph graph;
    std::vector<ValueId> inputs{graph.add_input("x", x.shape(), x.dtype())};
    for (const auto& constant : constants) inputs.push_back(graph.add_constant(std::to_string(inputs.size()), constant));
    graph.outputs = graph.add_node("node", op, inputs);
    EmitOptions options;
    options.opset = GetParam();
    return run_graph(graph, {x}, options);
  }
  std::vector<float> run_f32(const Op& op, const Tensor& x, const std::vector<Tensor>& constants = {}) const {
    return values_of<float>(run(op, x, constants).at(0));
  }
};
INSTANTIATE_TEST_SUITE_P(Emit, EveryOpset, ::testing::Values(13, 14, 15, 17, 18, 19, 20, 21));

Tensor image(std::vector<float> values) { return Tensor::of<float>({1, 1, 2, 2}, std::move(values)); }
Tensor row(std::vector<float> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return Tensor::of<float>({1, size}, std::move(values));
}

TEST_P(EveryOpset, ConvWithStridePaddingDilationAndGroups) {
  op::Conv conv;
  conv.padding = {1, 1};
  conv.stride = {2, 1};
  conv.groups = 2;
  const auto x = Tensor::of<float>({1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const auto w = Tensor::of<float>({2, 1, 2, 2}, {1, 10, 100, 1000, 1, 1, 1, 1});
  const auto b = Tensor::of<float>({2}, {0.5F, -1});
  // Rows -1 and 1, columns -1, 0, 1 of the zero-padded 2x2 image.
  EXPECT_THAT(run_f32(conv, x, {w, b}), ElementsAre(1000.5F, 2100.5F, 200.5F, 30.5F, 43.5F, 4.5F, 4, 10, 5, 6, 14, 7));
}
TEST_P(EveryOpset, ConvDilated) {
  op::Conv conv;
  conv.dilation = {1, 2};
  const auto x = Tensor::of<float>({1, 1, 1, 4}, {1, 2, 3, 4});
  EXPECT_THAT(run_f32(conv, x, {Tensor::of<float>({1, 1, 1, 2}, {1, 10})}), ElementsAre(31, 42));
}
TEST_P(EveryOpset, BatchNorm) {
  const auto constant = [](float value) { return Tensor::of<float>({1}, {value}); };
  const auto y = run_f32(op::BatchNorm{0.25}, image({1, 2, 3, 4}), {constant(3), constant(10), constant(1), constant(2)});
  EXPECT_THAT(y, ElementsAre(FloatEq(10), FloatEq(12), FloatEq(14), FloatEq(16)));  // 3 / sqrt(2 + 0.25) = 2
}
TEST_P(EveryOpset, Activations) {
  const auto sigmoid = [](float x) { return 1 / (1 + std::exp(-x)); };
  EXPECT_THAT(run_f32(op::Relu{}, row({-1, 0, 2})), ElementsAre(0, 0, 2));
  EXPECT_THAT(run_f32(op::Sigmoid{}, row({0, 2})), ElementsAre(0.5F, FloatNear(sigmoid(2), 1e-6F)));
  EXPECT_THAT(run_f32(op::Silu{}, row({0, 2})), ElementsAre(0, FloatNear(2 * sigmoid(2), 1e-6F)));
}
TEST_P(EveryOpset, Arithmetic) {
  EXPECT_THAT(run_f32(op::Add{}, row({1, 2}), {row({3})}), ElementsAre(4, 5));
  EXPECT_THAT(run_f32(op::Sub{}, row({1, 2}), {row({3, 5})}), ElementsAre(-2, -3));
  EXPECT_THAT(run_f32(op::Mul{}, row({1, 2}), {row({3, 5})}), ElementsAre(3, 10));
  EXPECT_THAT(run_f32(op::Div{}, row({1, 2}), {row({4, 5})}), ElementsAre(0.25F, 0.4F));
  EXPECT_THAT(run_f32(op::Mod{}, row({7, 2.5F}), {row({4, 2})}), ElementsAre(3, 0.5F));
}
TEST_P(EveryOpset, IntegerArithmetic) {
  const auto x = Tensor::of<std::int64_t>({1, 2}, {165, 79});
  const auto classes = Tensor::scalar<std::int64_t>(80);
  EXPECT_THAT(values_of<std::int64_t>(run(op::Mod{}, x, {classes}).at(0)), ElementsAre(5, 79));
  EXPECT_THAT(values_of<std::int64_t>(run(op::Div{}, x, {classes}).at(0)), ElementsAre(2, 0));
}
TEST_P(EveryOpset, MatMulAndSoftmax) {
  EXPECT_THAT(run_f32(op::MatMul{}, row({1, 2}), {Tensor::of<float>({2, 2}, {1, 2, 3, 4})}), ElementsAre(7, 10));
  const auto y = run_f32(op::Softmax{1}, Tensor::of<float>({1, 2, 2}, {0, 5, 0, 5}));  // along the middle axis
  EXPECT_THAT(y, ElementsAre(0.5F, 0.5F, 0.5F, 0.5F));
}
TEST_P(EveryOpset, ConcatAndSplit) {
  EXPECT_THAT(run_f32(op::Concat{1}, row({1, 2}), {row({3})}), ElementsAre(1, 2, 3));
  const auto parts = run(op::Split{1, {1, 2}}, row({1, 2, 3}));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_THAT(values_of<float>(parts[0]), ElementsAre(1));
  EXPECT_THAT(values_of<float>(parts[1]), ElementsAre(2, 3));
}
TEST_P(EveryOpset, MaxPool) {
  op::MaxPool pool;
  pool.kernel = {3, 3};
  pool.padding = {1, 1};
  pool.stride = {1, 2};
  EXPECT_THAT(run_f32(pool, Tensor::of<float>({1, 1, 1, 3}, {-3, -2, -5})), ElementsAre(-2, -2));
}
TEST_P(EveryOpset, ResizeNearest) {
  EXPECT_THAT(run_f32(op::ResizeNearest{2}, Tensor::of<float>({1, 1, 1, 2}, {1, 2})), ElementsAre(1, 1, 2, 2, 1, 1, 2, 2));
}
TEST_P(EveryOpset, ShapeChanges) {
  const auto reshaped = run(op::Reshape{{0, -1, 1}}, row({1, 2})).at(0);
  EXPECT_EQ(reshaped.shape(), (Shape{1, 2, 1}));
  EXPECT_THAT(run_f32(op::Transpose{{0, 2, 1}}, Tensor::of<float>({1, 2, 2}, {1, 2, 3, 4})), ElementsAre(1, 3, 2, 4));
  EXPECT_EQ(run(op::Unsqueeze{1}, row({1, 2})).at(0).shape(), (Shape{1, 1, 2}));
  const auto reduced = run(op::ReduceMax{-1}, Tensor::of<float>({1, 2, 2}, {1, 9, 3, 4})).at(0);
  EXPECT_EQ(reduced.shape(), (Shape{1, 2}));
  EXPECT_THAT(values_of<float>(reduced), ElementsAre(9, 4));
}
TEST_P(EveryOpset, TopKTakesTheFirstOfEquals) {
  const auto top = run(op::TopK{3}, row({5, 7, 1, 7, 5}));
  EXPECT_THAT(values_of<float>(top.at(0)), ElementsAre(7, 7, 5));
  EXPECT_THAT(values_of<std::int64_t>(top.at(1)), ElementsAre(1, 3, 0));
}
TEST_P(EveryOpset, GatherRows) {
  const auto x = Tensor::of<float>({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const auto indices = Tensor::of<std::int64_t>({2, 3, 1}, {1, 0, 1, 0, 0, 1});
  EXPECT_THAT(run_f32(op::GatherRows{}, x, {indices}), ElementsAre(3, 4, 1, 2, 3, 4, 5, 6, 5, 6, 7, 8));
}
TEST_P(EveryOpset, Cast) {
  const auto half = run(op::Cast{DType::f16}, row({1.5F, 1.0F + 1.0F / 2048})).at(0);  // the tie goes to even
  EXPECT_EQ(half.dtype(), DType::f16);
  EXPECT_THAT(values_of<float>(half.to(DType::f32)), ElementsAre(1.5F, 1));
  EXPECT_THAT(values_of<float>(run(op::Cast{DType::f32}, Tensor::of<std::int64_t>({2}, {3, -4})).at(0)), ElementsAre(3, -4));
}
TEST_P(EveryOpset, QuantizeDequantizeTiesAndSaturation) {
  const auto params = [](QuantSpec spec) {
    return QuantParams{spec, Tensor::scalar(0.5F), spec.is_signed ? Tensor::scalar(std::int8_t{0}) : Tensor::scalar(std::uint8_t{3})};
  };
  const auto x = row({0.25F, 0.75F, -0.25F, -0.75F, 1000, -1000});  // 0.5, 1.5, ... steps: half to even
  QuantSpec spec;
  EXPECT_THAT(run_f32(op::QuantizeDequantize{params(spec)}, x), ElementsAre(0, 1, 0, -1, 63.5F, -64));
  spec.narrow = true;
  EXPECT_THAT(run_f32(op::QuantizeDequantize{params(spec)}, x), ElementsAre(0, 1, 0, -1, 63.5F, -63.5F));
  spec = {4, true, false, Granularity::tensor, 0};
  EXPECT_THAT(run_f32(op::QuantizeDequantize{params(spec)}, x), ElementsAre(0, 1, 0, -1, 3.5F, -4));
  spec = {8, false, false, Granularity::tensor, 0};
  EXPECT_THAT(run_f32(op::QuantizeDequantize{params(spec)}, x), ElementsAre(0, 1, 0, -1, 126, -1.5F));
  spec = {4, false, false, Granularity::tensor, 0};
  EXPECT_THAT(run_f32(op::QuantizeDequantize{params(spec)}, x), ElementsAre(0, 1, 0, -1, 6, -1.5F));
}

Graph two_layer_graph(std::int64_t batch) {
  Graph graph;
  const auto x = graph.add_input("images", {batch, 1, 2, 2});
  const auto w = graph.add_constant("w", Tensor::of<float>({1, 1, 1, 1}, {2}));
  const auto y = graph.add("conv", op::Conv{}, {x, w});
  graph.outputs = {graph.add("act", op::Silu{}, {graph.add("conv2", op::Conv{}, {y, w})})};
  return graph;
}

TEST(Emit, DynamicBatchIsNamedAndRuns) {
  const TestFolder folder;
  emit_model(two_layer_graph(-1), {}, folder / "m.onnx");
  const auto model = read_onnx(folder / "m.onnx");
  EXPECT_EQ(model.graph().input(0).type().tensor_type().shape().dim(0).dim_param(), "batch");
  EXPECT_EQ(model.graph().output(0).type().tensor_type().shape().dim(0).dim_param(), "batch");
  const auto y = open_plain(folder / "m.onnx").run({Tensor::of<float>({3, 1, 2, 2}, std::vector<float>(12, 0))});
  EXPECT_EQ(y.at(0).shape(), (Shape{3, 1, 2, 2}));
}

TEST(Emit, SharedConstantIsWrittenOnce) {
  const TestFolder folder;
  emit_model(two_layer_graph(1), {}, folder / "m.onnx");
  EXPECT_EQ(read_onnx(folder / "m.onnx").graph().initializer_size(), 1);
}

TEST(Emit, HalfPrecisionGraphRuns) {
  Graph graph;
  const auto x = graph.add_input("x", {1, 1, 1, 2});
  const auto h = graph.add("to_half", op::Cast{DType::f16}, {x});
  const auto w = graph.add_constant("w", Tensor::of<float>({1, 1, 1, 1}, {3}).to(DType::f16));
  const auto y = graph.add("up", op::ResizeNearest{2}, {graph.add("conv", op::Conv{}, {h, w})});
  graph.outputs = {graph.add("to_float", op::Cast{DType::f32}, {y})};
  const auto result = run_graph(graph, {Tensor::of<float>({1, 1, 1, 2}, {1, 2})});
  EXPECT_THAT(values_of<float>(result.at(0)), ElementsAre(3, 3, 6, 6, 3, 3, 6, 6));
}

TEST(Emit, VersionsAndMetadata) {
  const TestFolder folder;
  const auto emitted = [&](int opset) {
    EmitOptions options;
    options.opset = opset;
    options.metadata = {{"stride", "32"}, {"names", "{0: 'person'}"}};
    emit_model(two_layer_graph(1), options, folder / "m.onnx");
    return read_onnx(folder / "m.onnx");
  };
  const std::vector<std::pair<int, int>> expected{{13, 7}, {14, 7}, {15, 8}, {18, 8}, {19, 9}, {20, 9}, {21, 10}};
  for (const auto& [opset, ir] : expected) {
    const auto model = emitted(opset);
    EXPECT_EQ(model.ir_version(), ir) << opset;
    EXPECT_EQ(opset_of(model, ""), opset);
  }
  EXPECT_EQ(emitted(0).ir_version(), 7);
  const auto model = emitted(0);
  ASSERT_EQ(model.metadata_props_size(), 2);
  EXPECT_EQ(model.metadata_props(0).key(), "names");
  EXPECT_EQ(open_plain(folder / "m.onnx").metadata().at("stride"), "32");
}

TEST(Emit, BytesAreReproducibleAndProtobufsOwn) {
  const TestFolder folder;
  EmitOptions options;
  options.metadata = {{"b", "2"}, {"a", "1"}};
  emit_model(two_layer_graph(1), options, folder / "a.onnx");
  emit_model(two_layer_graph(1), options, folder / "b.onnx");
  const auto bytes = read_file(folder / "a.onnx");
  EXPECT_EQ(bytes, read_file(folder / "b.onnx"));
  EXPECT_EQ(bytes, read_onnx(folder / "a.onnx").SerializeAsString());
}

TEST(Emit, RefusesOpsetsOutsideTheDialect) {
  const TestFolder folder;
  for (const auto& [dialect, opset] : std::vector<std::pair<Dialect, int>>{{Dialect::qcdq, 12}, {Dialect::qcdq, 22}, {Dialect::int4, 20}}) {
    EmitOptions options;
    options.dialect = dialect;
    options.opset = opset;
    expect_error(ErrorKind::usage, "opset " + std::to_string(opset), [&] { emit_model(two_layer_graph(1), options, folder / "m.onnx"); });
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "m.onnx"));
}

/// x [1,5,2,2] -> Split 2, 3 -> convolution of 2 output channels on the second part.
Graph convolution_behind_split(const Shape& weight, bool quantized) {
  Graph graph;
  const auto parts = graph.add_node("split", op::Split{1, {2, 3}}, {graph.add_input("x", {1, 5, 2, 2})});
  std::vector<std::int8_t> codes(static_cast<std::size_t>(count_of(weight)));
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::int8_t>(static_cast<int>(i % 15) - 7);
  const auto constant = Tensor::of<std::int8_t>(weight, codes);
  const auto w = graph.add_constant("conv.weight", quantized ? constant : constant.to(DType::f32));
  graph.value(w).dtype = DType::f32;
  if (quantized)
    graph.value(w).quant =
        QuantParams{{4, true, false, Granularity::channel, 0}, Tensor::of<float>({2}, {0.1F, 0.3F}), Tensor::of<std::int8_t>({2}, {0, 0})};
  const auto pad = weight[2] / 2;
  graph.outputs = {graph.add("conv", op::Conv{{1, 1}, {pad, pad}}, {parts[1], w}), parts[0]};
  return graph;
}

/// OpenVINO needs it, see print_op.cc; `tests/oracle/load_peers.py` tries it there.
TEST(Emit, APackedPointwiseConvolutionReadsASliceInsteadOfAPartOfASplit) {
  const TestFolder folder;
  const auto feeding = [&](const Graph& graph, Dialect dialect) {
    emit_model(graph, in_dialect(dialect), folder / "m.onnx");
    const auto proto = read_onnx(folder / "m.onnx");
    const OnnxIndex index(proto.graph());
    return index.producer(index.producer("conv_output")->input(0))->op_type();
  };
  const auto pointwise = convolution_behind_split({2, 3, 1, 1}, true);
  EXPECT_EQ(feeding(pointwise, Dialect::qcdq), "Split");
  EXPECT_EQ(feeding(convolution_behind_split({2, 3, 3, 3}, true), Dialect::int4), "Split");
  EXPECT_EQ(feeding(convolution_behind_split({2, 3, 1, 1}, false), Dialect::int4), "Split");
  EXPECT_EQ(feeding(pointwise, Dialect::int4), "Slice");
  std::vector<float> values(20);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.37F * static_cast<float>(i) - 3;
  const auto x = Tensor::of<float>({1, 5, 2, 2}, values);
  EXPECT_EQ(values_of<float>(run_graph(pointwise, {x}, in_dialect(Dialect::int4)).at(0)),
            values_of<float>(run_graph(pointwise, {x}).at(0)));
}

TEST(Emit, RefusesAnOutputNothingPrints) {
  const TestFolder folder;
  Graph graph = two_layer_graph(1);
  graph.outputs = {graph.inputs[0]};
  expect_error(ErrorKind::internal, "images", [&] { emit_model(graph, {}, folder / "m.onnx"); });
}

TEST(Emit, NamesStayUnique) {
  Graph graph;
  const auto x = graph.add_input("r.shape", {1, 2});  // the name the shape initialiser would take
  graph.outputs = {graph.add("r", op::Reshape{{2, 1}}, {x})};
  EXPECT_EQ(run_graph(graph, {row({1, 2})}).at(0).shape(), (Shape{2, 1}));
}

}  // namespace
}  // namespace nibble::testing

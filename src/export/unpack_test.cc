// SPDX-License-Identifier: Apache-2.0
// The unpack dialect against its INT4 twin: the same codes, the same float weights, and nothing that reads files loses sight of them.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <random>
#include <sstream>

#include "export/byte_ledger.h"
#include "export/cleanup.h"
#include "export/constant_eval.h"
#include "export/onnx_summary.h"
#include "export/twin.h"
#include "export/unpack_chain.h"
#include "export/value_sites.h"
#include "support/exported.h"

namespace nibble::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

/// What a weight is made of; codes, scales and zero points are drawn.
struct Kind {
  std::string name;
  QuantSpec spec;
  Shape shape;
  bool symmetric = true;
  DType dtype = DType::f32;
};

std::int64_t draw(std::mt19937& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

Tensor drawn_codes(std::mt19937& random, const QuantSpec& spec, const Shape& shape, bool all_zero) {
  if (spec.trellis && !all_zero && shape.size() > 1) {
    std::vector<std::uint8_t> symbols;
    for (std::int64_t i = 0; i < count_of(shape); ++i)
      symbols.push_back(static_cast<std::uint8_t>(draw(random, 0, (1 << spec.trellis.bits) - 1)));
    return Tensor::of<std::int8_t>(shape, trellis_codes(symbols, count_of(shape) / shape[0], spec.trellis));
  }
  std::vector<std::int8_t> codes;
  for (std::int64_t i = 0; i < count_of(shape); ++i)
    codes.push_back(static_cast<std::int8_t>(all_zero ? 0 : draw(random, spec.min_code(), spec.max_code())));
  if (spec.is_signed) return Tensor::of<std::int8_t>(shape, codes);
  return Tensor::of<std::uint8_t>(shape, {codes.begin(), codes.end()});
}

/// x -> Conv "conv" -> y.
Graph graph_of(const Kind& kind) {
  std::mt19937 random(7);
  Graph graph;
  const auto x = graph.add_input("x", {1, kind.shape[1], 4, 4}, kind.dtype);
  const auto w = graph.add_constant("conv.weight", drawn_codes(random, kind.spec, kind.shape, false));
  const auto scale_extents = scale_shape(kind.spec, kind.shape);
  std::vector<float> scales;
  for (std::int64_t i = 0; i < count_of(scale_extents); ++i) scales.push_back(std::uniform_real_distribution<float>(0.001F, 0.3F)(random));
  graph.value(w).dtype = kind.dtype;
  graph.value(w).quant =
      QuantParams{kind.spec, Tensor::of<float>(scale_extents, scales), drawn_codes(random, kind.spec, scale_extents, kind.symmetric)};
  graph.outputs = {graph.add("conv", op::Conv{}, {x, w})};
  return graph;
}

class Unpack : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    for (const auto dialect : {Dialect::int4, Dialect::unpack}) emit_model(graph_of(GetParam()), in_dialect(dialect), file(dialect));
  }
  std::filesystem::path file(Dialect dialect) const { return folder_ / (dialect == Dialect::int4 ? "int4.onnx" : "unpack.onnx"); }
  TestFolder folder_;
};

std::string weight_name(const std::filesystem::path& file) {
  const auto model = read_onnx(file);
  return OnnxIndex(model.graph()).producer(model.graph().output(0).name())->input(1);
}

/// The weight as ONNX Runtime computes it.
Tensor weight_in_runtime(const std::filesystem::path& file, bool optimize, const Kind& kind) {
  SessionOptions options;
  options.threads = 1;
  options.optimize = optimize;
  const auto bytes = model_with_outputs(file, {weight_name(file), read_onnx(file).graph().output(0).name()});
  const Session session(bytes, file, options);
  const std::vector<float> image(static_cast<std::size_t>(kind.shape[1] * 16), 0.5F);
  return session.run({Tensor::of<float>({1, kind.shape[1], 4, 4}, image)}).at(0);
}

TEST_P(Unpack, HoldsTheWeightsOfItsInt4TwinBitForBit) {
  const auto found = compare_twins(file(Dialect::int4), file(Dialect::unpack));
  EXPECT_EQ(found.codes_differ, "");
  EXPECT_EQ(found.weights_differ, "");
  EXPECT_EQ(found.codes, count_of(GetParam().shape));
  EXPECT_EQ(found.weights, count_of(GetParam().shape));
}

TEST_P(Unpack, OnnxRuntimeComputesTheSameWeightsOptimisedOrNot) {
  const auto expected = weight_in_runtime(file(Dialect::int4), false, GetParam());
  ASSERT_EQ(expected.shape(), GetParam().shape);
  for (const bool optimize : {false, true})
    EXPECT_TRUE(identical(weight_in_runtime(file(Dialect::unpack), optimize, GetParam()), expected)) << "optimisations " << optimize;
  const auto model = read_onnx(file(Dialect::unpack));
  const auto evaluated = evaluate_constant(OnnxIndex(model.graph()), weight_name(file(Dialect::unpack))).values;
  EXPECT_THAT(values_of<float>(expected.to(DType::f32)), ::testing::ElementsAreArray(evaluated));
}

TEST_P(Unpack, IsSeenAsWhatItIs) {
  const auto int4 = summarize_onnx(file(Dialect::int4)).layers.at(0), unpack = summarize_onnx(file(Dialect::unpack)).layers.at(0);
  EXPECT_EQ(unpack.weight_bits, GetParam().spec.trellis ? GetParam().spec.trellis.bits : int4.weight_bits);
  EXPECT_EQ(unpack.granularity, int4.granularity);
  EXPECT_EQ(unpack.weights, int4.weights);
  EXPECT_EQ(unpack.scale_bytes, int4.scale_bytes);
  const bool has_trellis = GetParam().spec.trellis.bits > 0;
  EXPECT_TRUE(has_trellis || unpack.weight_bytes >= int4.weight_bytes);
  EXPECT_LE(unpack.weight_bytes, int4.weight_bytes * 3 / 2) << "a plane more where all extents are odd, blocks filled up";
  EXPECT_EQ(find_convolutions(file(Dialect::unpack)).at(0).weight, GetParam().shape);
  const auto model = read_onnx(file(Dialect::unpack));
  const auto rows = byte_ledger(model);
  const auto bits = GetParam().spec.stored_bits();
  const bool has_fields = has_trellis && bits != 4;
  const auto form = has_fields  ? fmt::format("weights, uint8 ({} bits each)", bits)
                    : bits <= 4 ? std::string("weights, uint8 (two a byte)")
                                : std::string("weights, int8");
  const auto fields = has_fields ? 2 : 1;
  EXPECT_THAT(rows, Contains(ByteRow{form, fields, unpack.weight_bytes}));
  EXPECT_THAT(rows, Contains(ByteRow{GetParam().dtype == DType::f16 ? "scales, float16" : "scales, float32", 1, unpack.scale_bytes}));
}

TEST_P(Unpack, CleaningKeepsTheDecoder) {
  CleanupOptions options;
  options.narrow_constants = true;
  const auto result = clean_model(file(Dialect::unpack), folder_ / "clean.onnx", options);
  EXPECT_EQ(result.before.unpacked, 1);
  EXPECT_EQ(result.after.unpacked, 1);
  EXPECT_EQ(result.after.nodes, result.before.nodes);
  require_equal_weights(file(Dialect::int4), folder_ / "clean.onnx");
}

constexpr Granularity kChannel = Granularity::channel, kTensor = Granularity::tensor, kBlock = Granularity::block;
INSTANTIATE_TEST_SUITE_P(Kinds, Unpack,
                         ::testing::Values(Kind{"symmetric", {4, true, false, kChannel, 0}, {6, 3, 3, 3}},
                                           Kind{"zero_points", {4, true, false, kChannel, 0}, {6, 3, 3, 3}, false},
                                           Kind{"narrow_tensor", {4, true, true, kTensor, 0}, {2, 3, 1, 1}},
                                           Kind{"tensor_with_zero_point", {4, true, false, kTensor, 0}, {2, 3, 1, 1}, false},
                                           Kind{"odd_outputs", {4, true, false, kChannel, 0}, {5, 4, 3, 3}, false},
                                           Kind{"all_odd", {4, true, false, kChannel, 0}, {5, 3, 3, 3}, false},
                                           Kind{"one_weight", {4, true, false, kChannel, 0}, {1, 1, 1, 1}},
                                           Kind{"blocks", {4, true, false, kBlock, 2}, {3, 6, 3, 3}},
                                           Kind{"blocks_with_zero_points", {4, true, false, kBlock, 4}, {4, 8, 1, 1}, false},
                                           Kind{"shorter_last_block", {4, true, false, kBlock, 4}, {3, 6, 3, 3}, false},
                                           Kind{"packed_zero_points", {4, true, false, kBlock, 2}, {16, 64, 1, 1}, false},
                                           Kind{"two_bits", {2, true, false, kChannel, 0}, {4, 3, 1, 1}, false},
                                           Kind{"unsigned_codes", {4, false, false, kChannel, 0}, {4, 3, 1, 1}, false},
                                           Kind{"eight_bits", {8, true, false, kChannel, 0}, {4, 3, 3, 3}},
                                           Kind{"eight_bits_with_zero_points", {8, true, false, kChannel, 0}, {4, 3, 3, 3}, false},
                                           Kind{"trellis", {8, true, false, kChannel, 0, {4, 3}}, {6, 4, 3, 3}},
                                           Kind{"trellis_of_odd_rows", {8, true, false, kChannel, 0, {4, 0}}, {3, 3, 3, 3}},
                                           Kind{"trellis_of_3_bits", {8, true, false, kChannel, 0, {3, 5}}, {5, 8, 1, 1}},
                                           Kind{"trellis_of_3_bits_and_odd_rows", {8, true, false, kChannel, 0, {3, 2}}, {4, 3, 3, 3}},
                                           Kind{"trellis_of_5_bits", {8, true, false, kChannel, 0, {5, 4}}, {5, 3, 3, 3}},
                                           Kind{"half_trellis", {8, true, false, kChannel, 0, {4, 2}}, {4, 4, 3, 3}, true, DType::f16},
                                           Kind{"half", {4, true, false, kChannel, 0}, {4, 3, 3, 3}, false, DType::f16},
                                           Kind{"half_blocks", {4, true, false, kBlock, 2}, {4, 4, 1, 1}, false, DType::f16}),
                         [](const auto& param) { return param.param.name; });

Kind plain() { return {"", {4, true, false, Granularity::channel, 0}, {4, 3, 1, 1}, false}; }

TEST(UnpackDialect, IsOpset18AndNeedsNoInt4Type) {
  const TestFolder folder;
  emit_model(graph_of(plain()), in_dialect(Dialect::unpack), folder / "m.onnx");
  const auto model = read_onnx(folder / "m.onnx");
  EXPECT_EQ(opset_of(model, ""), 18);
  EXPECT_EQ(model.ir_version(), 8);
  std::vector<std::string> ops;
  for (const auto& node : model.graph().node()) ops.push_back(node.op_type());
  EXPECT_THAT(ops, ElementsAre("BitwiseAnd", "BitShift", "Concat", "Cast", "Cast", "Sub", "Mul", "Conv"));
  for (const auto& tensor : model.graph().initializer()) EXPECT_LE(tensor.data_type(), 11) << tensor.name();
  EXPECT_EQ(OnnxIndex(model.graph()).constant("conv.weight_codes")->raw_data().size(), 6U);
  auto too_old = in_dialect(Dialect::unpack);
  too_old.opset = 17;
  expect_error(ErrorKind::usage, "from opset 18 on", [&] { emit_model(graph_of(plain()), too_old, folder / "n.onnx"); });
}

TEST(UnpackDialect, FirstHalfLiesInTheLowHalvesOfTheBytes) {
  QuantConv conv = four_bit_per_channel();
  conv.weight = {2, 3, 1, 1};
  conv.scales = {0.5F, 2};
  conv.codes = {-8, 7, 1, -1, 0, 3};
  const TestFolder folder;
  emit_model(quant_conv_graph(conv), in_dialect(Dialect::unpack), folder / "m.onnx");
  const auto model = read_onnx(folder / "m.onnx");
  EXPECT_EQ(OnnxIndex(model.graph()).constant("model.0.conv.weight_codes")->raw_data(), "\x70\x8F\xB9");
}

TEST(UnpackDialect, ScaleOfOneStays) {
  const Graph graph = quant_conv_graph({{4, true, false, Granularity::tensor, 0}, {2, 2, 1, 1}, {1, 2, 3, 4}, {1.0F}});
  const TestFolder folder;
  emit_model(graph, in_dialect(Dialect::unpack), folder / "m.onnx");
  EXPECT_EQ(clean_model(folder / "m.onnx", folder / "clean.onnx").after.unpacked, 1);
}

TEST(UnpackDialect, RefusesOneScaleForALayerBetweenQuantisers) {
  const TestFolder folder;
  expect_error(ErrorKind::unsupported, "scales per channel",
               [&] { emit_model(quant_conv_graph(four_bit_per_tensor_with_input()), in_dialect(Dialect::unpack), folder / "m.onnx"); });
}

/// Bytes for kernels on integers: of a trellis packed, of other codes as they are.
TEST(UnpackDialect, BetweenQuantisersWeightsAreTheBytesOfTheirQcdqTwin) {
  const TestFolder folder;
  for (const Kind& kind : {Kind{"trellis", {8, true, false, Granularity::channel, 0, {4, 3}}, {6, 3, 3, 3}},
                           Kind{"three_bits", {8, true, false, Granularity::channel, 0, {3, 1}}, {4, 8, 3, 3}},
                           Kind{"uniform", {4, true, false, Granularity::channel, 0}, {6, 3, 3, 3}, false}}) {
    Graph graph = graph_of(kind);
    Node& conv = graph.nodes.back();
    const auto x = graph.inputs[0];
    Graph quantised;
    const auto input = quantised.add_input("x", graph.value(x).shape);
    const auto seen = quantised.add(
        "conv.input_quant", op::QuantizeDequantize{{QuantSpec{}, Tensor::scalar(0.5F / 127), Tensor::scalar(std::int8_t{0})}}, {input});
    const auto weight = quantised.add_constant("conv.weight", *graph.value(conv.inputs[1]).constant);
    quantised.value(weight).dtype = DType::f32;
    quantised.value(weight).quant = graph.value(conv.inputs[1]).quant;
    quantised.outputs = {quantised.add("conv", op::Conv{}, {seen, weight})};
    emit_model(quantised, in_dialect(Dialect::qcdq), folder / "qcdq.onnx");
    emit_model(quantised, in_dialect(Dialect::unpack), folder / "unpack.onnx");
    require_equal_weights(folder / "qcdq.onnx", folder / "unpack.onnx");
    const auto expected = weight_in_runtime(folder / "qcdq.onnx", false, kind);
    for (const bool optimize : {false, true})
      EXPECT_TRUE(identical(weight_in_runtime(folder / "unpack.onnx", optimize, kind), expected)) << kind.name;
    const auto layer = summarize_onnx(folder / "unpack.onnx").layers.at(0);
    EXPECT_EQ(layer.weight_bits, kind.spec.trellis ? kind.spec.trellis.bits : 8) << kind.name;
    EXPECT_EQ(layer.activation_bits, 8);
    const auto cleaned = clean_model(folder / "unpack.onnx", folder / "clean.onnx");
    EXPECT_EQ(cleaned.after.unpacked, kind.spec.trellis ? 1 : 0) << kind.name;
  }
}

TEST(UnpackDialect, OneChangedBitIsFound) {
  const TestFolder folder;
  emit_model(graph_of(plain()), in_dialect(Dialect::int4), folder / "i.onnx");
  emit_model(graph_of(plain()), in_dialect(Dialect::unpack), folder / "m.onnx");
  auto model = read_onnx(folder / "m.onnx");
  for (auto& tensor : *model.mutable_graph()->mutable_initializer())
    if (tensor.name() == "conv.weight_codes") (*tensor.mutable_raw_data())[2] ^= 0x10;  // the high half: the second half of the outputs
  write_onnx(model, folder / "m.onnx");
  const auto found = compare_twins(folder / "i.onnx", folder / "m.onnx");
  EXPECT_THAT(found.codes_differ, ::testing::HasSubstr("differ in code 8"));
  EXPECT_THAT(found.weights_differ, ::testing::HasSubstr("differ in weight element 8"));
}

/// The INT4 initialiser under Cast, Sub and Mul that others may write is the same chain.
TEST(UnpackDialect, ReadsInt4UnderACast) {
  const TestFolder folder;
  emit_model(graph_of(plain()), in_dialect(Dialect::int4), folder / "i.onnx");
  auto model = read_onnx(folder / "i.onnx");
  auto& graph = *model.mutable_graph();
  const onnx::NodeProto dequantize = graph.node(0);
  graph.mutable_node()->DeleteSubrange(0, 1);
  std::vector<onnx::NodeProto> nodes(4, onnx::NodeProto());
  const auto fill = [&](int i, const std::string& op, const std::vector<std::string>& inputs, const std::string& output) {
    auto& node = nodes[static_cast<std::size_t>(i)];
    node.set_op_type(op);
    for (const auto& input : inputs) node.add_input(input);
    node.add_output(output);
    if (op != "Cast") return;
    auto& to = *node.add_attribute();
    to.set_name("to");
    to.set_type(onnx::AttributeProto::INT);
    to.set_i(1);
  };
  fill(0, "Cast", {dequantize.input(0)}, "real");
  fill(1, "Cast", {dequantize.input(2)}, "zero");
  fill(2, "Sub", {"real", "zero"}, "steps");
  fill(3, "Mul", {"steps", dequantize.input(1)}, dequantize.output(0));
  for (const auto& node : graph.node()) nodes.push_back(node);
  graph.clear_node();
  for (const auto& node : nodes) *graph.add_node() = node;
  for (auto& tensor : *graph.mutable_initializer())
    if (tensor.name() == "conv.weight_scale" || tensor.name() == "conv.weight_zero_point")
      for (int i = 0; i < 3; ++i) tensor.add_dims(1);
  write_onnx(model, folder / "m.onnx");
  require_equal_weights(folder / "i.onnx", folder / "m.onnx");
  const auto layer = summarize_onnx(folder / "m.onnx").layers.at(0);
  EXPECT_EQ(layer.weight_bits, 4);
  EXPECT_EQ(layer.granularity, "channel");
}

/// Refused, or read without a crash and without an error that would be ours.
TEST(UnpackDialect, DamagedAtEveryByteNeverCrashes) {
  const TestFolder folder;
  for (const auto& kind : {Kind{"", {4, true, false, Granularity::block, 4}, {3, 6, 1, 1}, false}, plain()}) {
    emit_model(graph_of(kind), in_dialect(Dialect::unpack), folder / "m.onnx");
    const auto good = read_file(folder / "m.onnx");
    for (std::size_t at = 0; at < good.size(); ++at)
      for (const char mask : {'\x01', '\x80', '\xFF'}) {
        std::string bytes = good;
        bytes[at] = static_cast<char>(bytes[at] ^ mask);
        try {
          std::istringstream in(bytes);
          const auto model = parse_onnx(in, "bad.onnx");
          summarize_onnx(model);
          const OnnxIndex index(model.graph());
          for (const auto& node : model.graph().node())
            if (node.op_type() == "Conv" && node.input_size() > 1) evaluate_constant(index, node.input(1));
        } catch (const Error& error) {
          EXPECT_NE(error.kind(), ErrorKind::internal) << error.what();
        }
      }
  }
}

}  // namespace
}  // namespace nibble::testing

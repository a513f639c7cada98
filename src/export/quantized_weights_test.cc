// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "export/constant_eval.h"
#include "export/pack.h"
#include "export/twin.h"
#include "support/exported.h"

namespace nibble::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

EmitOptions dialect(Dialect chosen, int opset = 0) {
  EmitOptions options;
  options.dialect = chosen;
  options.opset = opset;
  return options;
}

/// What a runtime multiplies with: Conv on unit vectors is not needed, the file's own arithmetic is evaluated.
std::vector<double> weight_of(const std::filesystem::path& path) {
  const auto model = read_onnx(path);
  const OnnxIndex index(model.graph());
  return evaluate_constant(index, index.producer(model.graph().output(0).name())->input(1)).values;
}

/// y at the first pixel for x = all ones in channel c, for every c: columns of the weight as ONNX Runtime sees it.
std::vector<float> column_from_runtime(const QuantConv& conv, std::int64_t channel, const EmitOptions& options) {
  std::vector<float> x(static_cast<std::size_t>(conv.weight[1] * 4), 0);
  for (std::int64_t i = 0; i < 4; ++i) x[static_cast<std::size_t>(channel * 4 + i)] = 1;
  const auto y = run_graph(quant_conv_graph(conv), {Tensor::of<float>({1, conv.weight[1], 2, 2}, x)}, options).at(0).to(DType::f32);
  std::vector<float> column;
  for (std::int64_t o = 0; o < conv.weight[0]; ++o) column.push_back(y.as<float>()[static_cast<std::size_t>(o * 4)] - 0.25F);
  return column;
}

TEST(PackNibbles, RoundTripAndLayout) {
  const auto packed = pack_nibbles(Tensor::of<std::int8_t>({3}, {1, -2, 7}));
  EXPECT_THAT(values_of<std::uint8_t>(packed), ElementsAre(0xE1, 0x07));
  EXPECT_THAT(unpack_nibbles(packed.bytes(), 3, true), ElementsAre(1, -2, 7));
  EXPECT_THAT(unpack_nibbles(packed.bytes(), 3, false), ElementsAre(1, 14, 7));
  EXPECT_THROW(unpack_nibbles(packed.bytes(), 5, true), Error);
}

TEST(QuantizedWeights, RuntimeSeesCodesTimesScale) {
  for (const auto& options : {dialect(Dialect::qcdq), dialect(Dialect::qcdq, 21), dialect(Dialect::int4)}) {
    EXPECT_THAT(column_from_runtime(four_bit_per_channel(), 0, options), ElementsAre(-4, 0.125F, 0));
    EXPECT_THAT(column_from_runtime(four_bit_per_channel(), 1, options), ElementsAre(3.5F, -0.125F, 9));
  }
}

TEST(QuantizedWeights, EightBits) {
  const QuantConv conv{{8, true, false, Granularity::channel, 0}, {2, 1, 1, 1}, {-128, 127}, {0.5F, 2}};
  EXPECT_THAT(column_from_runtime(conv, 0, dialect(Dialect::qcdq)), ElementsAre(-64, 254));
  EXPECT_THAT(column_from_runtime(conv, 0, dialect(Dialect::int4)), ElementsAre(-64, 254));
  const TestFolder folder;
  emit_model(quant_conv_graph(conv), {}, folder / "m.onnx");
  const auto model = read_onnx(folder / "m.onnx");
  for (const auto& node : model.graph().node()) EXPECT_NE(node.op_type(), "Clip");
}

TEST(QuantizedWeights, Int4FilePacksTwoCodesAByte) {
  const TestFolder folder;
  emit_model(quant_conv_graph(four_bit_per_channel()), dialect(Dialect::int4), folder / "m.onnx");
  const auto model = read_onnx(folder / "m.onnx");
  EXPECT_EQ(model.ir_version(), 10);
  EXPECT_EQ(opset_of(model, ""), 21);
  const OnnxIndex index(model.graph());
  const auto* codes = index.constant("model.0.conv.weight_codes");
  ASSERT_NE(codes, nullptr);
  EXPECT_EQ(codes->data_type(), 22);
  EXPECT_EQ(codes->raw_data(), std::string("\x78\xF1\x30", 3));
}

TEST(QuantizedWeights, BlockedScales) {
  for (std::int64_t channel = 0; channel < 4; ++channel) {
    const std::vector<float> expected{0.5F, 1, 30, -80};
    EXPECT_THAT(column_from_runtime(four_bit_blocked(), channel, dialect(Dialect::int4)),
                ElementsAre(expected[static_cast<std::size_t>(channel)]));
  }
  const TestFolder folder;
  emit_model(quant_conv_graph(four_bit_blocked()), dialect(Dialect::int4), folder / "m.onnx");
  EXPECT_THAT(weight_of(folder / "m.onnx"), ElementsAre(0.5, 1, 30, -80));
  expect_error(ErrorKind::unsupported, "model.0.conv", [&] { emit_model(quant_conv_graph(four_bit_blocked()), {}, folder / "q.onnx"); });
}

TEST(QuantizedWeights, UnsignedWithZeroPoint) {
  for (const auto chosen : {Dialect::qcdq, Dialect::int4}) {
    Graph graph = quant_conv_graph(four_bit_per_channel());
    auto& weight = graph.value(1);
    ASSERT_TRUE(weight.quant);
    weight.constant = Tensor::of<std::uint8_t>({3, 2, 1, 1}, {0, 15, 1, 2, 8, 9});
    weight.quant = QuantParams{{4, false, false, Granularity::tensor, 0}, Tensor::scalar(0.5F), Tensor::scalar(std::uint8_t{8})};
    const auto y = run_graph(graph, {Tensor::of<float>({1, 2, 2, 2}, {1, 0, 0, 0, 0, 0, 0, 0})}, dialect(chosen)).at(0);
    EXPECT_THAT((std::vector{y.as<float>()[0], y.as<float>()[4], y.as<float>()[8]}), ElementsAre(-3.75F, -3.25F, 0.25F));
  }
}

TEST(QuantizedWeights, HalfGraphUsesHalfScalesInBothDialects) {
  auto conv = four_bit_per_channel();
  conv.dtype = DType::f16;
  conv.scales = {0.1F, 1e-3F, 1e-12F};  // none is an FP16 number, the last is below the smallest
  const TestFolder folder;
  emit_model(quant_conv_graph(conv), dialect(Dialect::qcdq), folder / "q.onnx");
  emit_model(quant_conv_graph(conv), dialect(Dialect::int4), folder / "i.onnx");
  require_equal_weights(folder / "q.onnx", folder / "i.onnx");
  const auto weight = weight_of(folder / "q.onnx");
  EXPECT_NEAR(weight[0], -0.8, 0.8 / 2048);
  EXPECT_EQ(weight[5], 3 * std::ldexp(1.0, -24));
  const auto packed = read_onnx(folder / "i.onnx");
  EXPECT_EQ(OnnxIndex(packed.graph()).constant("model.0.conv.weight_scale")->data_type(), 10);
  const auto x = Tensor::of<float>({1, 2, 2, 2}, {1, 0, 0, 0, 2, 0, 0, 0});
  const auto a = open_plain(folder / "q.onnx").run({x}), b = open_plain(folder / "i.onnx").run({x});
  EXPECT_TRUE(identical(a.at(0), b.at(0)));
  EXPECT_NEAR(a.at(0).to(DType::f32).as<float>()[0], -0.8 + 1.4 + 0.25, 2e-3);
}

TEST(QuantizedWeights, RefusesWhatWouldChangeSilently) {
  const TestFolder folder;
  const auto emit = [&](const Graph& graph) { return [&, graph] { emit_model(graph, {}, folder / "m.onnx"); }; };
  auto conv = four_bit_per_channel();
  conv.codes[0] = -9;
  expect_error(ErrorKind::internal, "code -9 is outside", emit(quant_conv_graph(conv)));
  conv = four_bit_per_channel();
  conv.scales[1] = 0;
  expect_error(ErrorKind::numeric, "model.0.conv.weight", emit(quant_conv_graph(conv)));
  conv = four_bit_per_channel();
  conv.dtype = DType::f16;
  conv.scales[1] = 1e6F;
  expect_error(ErrorKind::numeric, "FP16", emit(quant_conv_graph(conv)));
}

/// A Conv's surroundings as text: op types, attributes, types and ranks, and the values of Clip bounds.
class Fingerprint {
 public:
  explicit Fingerprint(const onnx::ModelProto& model) : model_(model), index_(model.graph()) {}

  std::set<std::string> convs() const {
    std::set<std::string> found;
    for (const auto& node : model_.graph().node())
      if (node.op_type() == "Conv" && index_.producer(node.input(1))) found.insert(of(node));
    return found;
  }

 private:
  std::string of(const onnx::NodeProto& node) const {
    std::string text = node.op_type() + "{";
    for (const auto& attribute : node.attribute())
      text += attribute.name() + (attribute.name() == "axis" ? fmt::format("={}", attribute.i()) : "") + " ";
    for (const auto& input : node.input()) text += "|" + input_text(node, input);
    return text + "}";
  }
  std::string input_text(const onnx::NodeProto& node, const std::string& name) const {
    if (const auto* constant = index_.constant(name)) {
      auto text = fmt::format("type {} rank {}", constant->data_type(), constant->dims_size());
      const bool is_bound = node.op_type() == "Clip" && name != node.input(0);
      return is_bound ? fmt::format("{} = {}", text, elements_of(*constant).at(0)) : text;
    }
    const auto* producer = index_.producer(name);
    const bool quantises =
        producer && (producer->op_type() == "DequantizeLinear" || producer->op_type() == "QuantizeLinear" || producer->op_type() == "Clip");
    return quantises ? of(*producer) : "x";
  }

  const onnx::ModelProto& model_;
  OnnxIndex index_;
};

/// Op types in file order from the data's quantiser to the Conv, without the Constant nodes that clean-up hoists.
std::vector<std::string> order_up_to_conv(const onnx::ModelProto& model) {
  std::vector<std::string> order;
  for (const auto& node : model.graph().node()) {
    if (node.op_type() != "Constant") order.push_back(node.op_type());
    if (node.op_type() == "Conv") break;
  }
  return order;
}

void expect_like_brevitas(QuantConv conv, const std::string& file) {
  const auto path = shared_folder() / "reference/brevitas" / file;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing: the comparison with Brevitas' own file was not made";
  conv.spec.narrow = true;  // the reference was made with -7..7
  for (auto& code : conv.codes) code = std::max<std::int8_t>(code, -7);
  const TestFolder folder;
  emit_model(quant_conv_graph(conv), {}, folder / "m.onnx");
  const auto ours = read_onnx(folder / "m.onnx"), theirs = read_onnx(path);
  EXPECT_EQ(ours.ir_version(), theirs.ir_version());
  EXPECT_EQ(opset_of(ours, ""), opset_of(theirs, ""));
  EXPECT_EQ(order_up_to_conv(ours), order_up_to_conv(theirs));
  const auto reference = Fingerprint(theirs).convs();
  for (const auto& print : Fingerprint(ours).convs()) EXPECT_TRUE(reference.contains(print)) << print << "\nnot in\n" << *reference.begin();
}

TEST(QuantizedWeights, LikeBrevitasPerChannel) { expect_like_brevitas(four_bit_per_channel(), "br_yolov10n_w4a16_channel.onnx"); }
TEST(QuantizedWeights, LikeBrevitasPerTensorWithActivations) {
  expect_like_brevitas(four_bit_per_tensor_with_input(), "br_yolov10n_w4a8_tensor.onnx");
}

}  // namespace
}  // namespace nibble::testing

// SPDX-License-Identifier: Apache-2.0
#include "export/twin.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <utility>

#include "export/cleanup.h"
#include "support/exported.h"

namespace nibble::testing {
namespace {

void emit_as(Dialect dialect, const QuantConv& conv, const std::filesystem::path& path) {
  EmitOptions options;
  options.dialect = dialect;
  emit_model(quant_conv_graph(conv), options, path);
}

TEST(Twin, DialectsAndCleanedFilesAreEqual) {
  const TestFolder folder;
  for (const auto& conv : {four_bit_per_channel(), four_bit_per_tensor_with_input()}) {
    emit_as(Dialect::qcdq, conv, folder / "q.onnx");
    emit_as(Dialect::int4, conv, folder / "i.onnx");
    clean_model(folder / "q.onnx", folder / "opt.onnx");
    require_equal_weights(folder / "q.onnx", folder / "i.onnx");
    require_equal_weights(folder / "q.onnx", folder / "opt.onnx");
  }
}

TEST(Twin, CountsWhatItCompared) {
  const TestFolder folder;
  emit_as(Dialect::qcdq, four_bit_per_channel(), folder / "q.onnx");
  emit_as(Dialect::int4, four_bit_per_channel(), folder / "i.onnx");
  const auto result = compare_twins(folder / "q.onnx", folder / "i.onnx");
  EXPECT_EQ(result.layers, 1);
  EXPECT_EQ(result.codes, 6);
  EXPECT_EQ(result.weights, 6 + 3);  // and the bias
  EXPECT_EQ(result.codes_differ + result.weights_differ, "");
}

TEST(Twin, TellsIntegersFromScales) {
  const TestFolder folder;
  auto conv = four_bit_per_channel();
  emit_as(Dialect::qcdq, conv, folder / "q.onnx");
  conv.scales[2] = std::nextafter(conv.scales[2], 100.0F);
  emit_as(Dialect::int4, conv, folder / "scale.onnx");
  const auto scale = compare_twins(folder / "q.onnx", folder / "scale.onnx");
  EXPECT_EQ(scale.codes_differ, "");
  EXPECT_NE(scale.weights_differ, "");
  conv = four_bit_per_channel();
  conv.codes[0] = 5;
  emit_as(Dialect::int4, conv, folder / "code.onnx");
  EXPECT_NE(compare_twins(folder / "q.onnx", folder / "code.onnx").codes_differ.find("code 0: -8 and 5"), std::string::npos);
}

TEST(Twin, FindsOneChangedCodeScaleOrBias) {
  const TestFolder folder;
  const auto conv = four_bit_per_channel();
  emit_as(Dialect::qcdq, conv, folder / "q.onnx");
  auto changed = conv;
  changed.codes[3] = static_cast<std::int8_t>(changed.codes[3] + 1);
  emit_as(Dialect::int4, changed, folder / "i.onnx");
  expect_error(ErrorKind::internal, "'model.0.conv'", [&] { require_equal_weights(folder / "q.onnx", folder / "i.onnx"); });
  changed = conv;
  changed.scales[2] = std::nextafter(changed.scales[2], 100.0F);
  emit_as(Dialect::int4, changed, folder / "i.onnx");
  expect_error(ErrorKind::internal, "weight element 5", [&] { require_equal_weights(folder / "q.onnx", folder / "i.onnx"); });
  Graph graph = quant_conv_graph(conv);
  graph.value(2).constant = Tensor::of<float>({3}, {0.25F, 0.25F, 0.5F});
  emit_model(graph, {}, folder / "b.onnx");
  expect_error(ErrorKind::internal, "bias element 2", [&] { require_equal_weights(folder / "q.onnx", folder / "b.onnx"); });
}

TEST(Twin, ClipCountsAsPartOfTheWeight) {
  const TestFolder folder;
  emit_as(Dialect::qcdq, four_bit_per_channel(), folder / "q.onnx");
  auto model = read_onnx(folder / "q.onnx");
  for (auto& node : *model.mutable_graph()->mutable_node())
    if (node.op_type() == "Constant" && node.output(0).ends_with("_max"))
      node.mutable_attribute(0)->mutable_t()->set_raw_data(std::string(1, '\x02'));
  write_onnx(model, folder / "clipped.onnx");
  expect_error(ErrorKind::internal, "weight element 1", [&] { require_equal_weights(folder / "q.onnx", folder / "clipped.onnx"); });
}

/// "c" with one filter, its weight of code 0 and scale 1 (a dead filter), the bias in float32 or as a code of `step`.
void write_bias(const std::filesystem::path& path, std::optional<float> bias, std::int32_t code = 0, float step = 1) {
  Graph graph;
  const auto x = graph.add_input("x", {1, 1, 1, 1});
  const auto w = graph.add_constant("c.weight", Tensor::of<std::int8_t>({1, 1, 1, 1}, {0}));
  graph.value(w).dtype = DType::f32;
  const QuantSpec channel{.bits = 4, .granularity = Granularity::channel};
  graph.value(w).quant = QuantParams{channel, Tensor::of<float>({1}, {1}), Tensor::of<std::int8_t>({1}, {0})};
  const auto b = graph.add_constant("c.bias", bias ? Tensor::of<float>({1}, {*bias}) : Tensor::of<std::int32_t>({1}, {code}));
  if (!bias) {
    graph.value(b).dtype = DType::f32;
    graph.value(b).quant =
        QuantParams{{.bits = 32, .granularity = Granularity::channel}, Tensor::of<float>({1}, {step}), Tensor::of<std::int8_t>({1}, {0})};
  }
  graph.outputs = {graph.add("c", op::Conv{}, {x, w, b})};
  emit_model(graph, in_dialect(Dialect::integer), path);
}

std::string bias_difference(float bias, std::int32_t code, float step) {
  const TestFolder folder;
  write_bias(folder / "real.onnx", bias);
  write_bias(folder / "code.onnx", std::nullopt, code, step);
  return compare_twins(folder / "real.onnx", folder / "code.onnx", Biases::rounded).weights_differ;
}

/// Found on yolov10n: the exact error is below half a step, float32(code * step) is above it.
struct NearHalf {
  double error;  ///< of the code, in steps
  std::int32_t code;
};

/// A float32 step and a bias near (code + error) steps whose dequantised code is off by more than half a step.
std::optional<std::pair<float, float>> step_and_bias(const NearHalf& wanted) {
  for (int i = 0; i < 200000; ++i) {
    const float step = 1e-5F + 1e-9F * static_cast<float>(i);
    const auto bias = static_cast<float>((wanted.code + wanted.error) * static_cast<double>(step));
    const double exact = std::abs(static_cast<double>(bias) / static_cast<double>(step) - wanted.code);
    const float restored = static_cast<float>(wanted.code) * step;
    const double rounded = std::abs(static_cast<double>(bias) - static_cast<double>(restored)) / static_cast<double>(step);
    if (exact < 0.5 && std::abs(exact - wanted.error) < 1e-4 && rounded > 0.5005) return std::pair(step, bias);
  }
  return std::nullopt;
}

TEST(Twin, RoundingABiasAndItsDequantisationAddUp) {
  for (const NearHalf& wanted : {NearHalf{0.49906, 150001}, NearHalf{0.49982, 120011}, NearHalf{0.49976, 100003}, NearHalf{0.49926, 140009},
                                 NearHalf{0.49906, 1500001}}) {
    const auto found = step_and_bias(wanted);
    ASSERT_TRUE(found) << wanted.error;
    const auto [step, bias] = *found;
    EXPECT_EQ(bias_difference(bias, wanted.code, step), "") << wanted.error;
    EXPECT_EQ(bias_difference(-bias, -wanted.code, step), "") << wanted.error;
    for (const int off : {-1, 1, 2})
      EXPECT_NE(bias_difference(bias, wanted.code + off, step).find("bias element 0"), std::string::npos) << off;
  }
}

/// float32 has 24 bits: near 2^31 its numbers are 128 apart, and a code that is one off dequantises to the same number.
TEST(Twin, ACodeThatIsOneOffIsFoundAtAnySize) {
  for (const std::int32_t code : {0, 1, -3, 1 << 20, 1 << 24, 1 << 30, -(1 << 30), 2147483520}) {
    EXPECT_EQ(bias_difference(static_cast<float>(code) * 0x1p-10F, code, 0x1p-10F), "") << code;
    for (const int off : {-1, 1})
      EXPECT_NE(bias_difference(static_cast<float>(code) * 0x1p-10F, code + off, 0x1p-10F), "") << code << " " << off;
  }
}

TEST(Twin, ABiasHalfwayIsTheEvenCode) {
  EXPECT_EQ(bias_difference(2.5F, 2, 1), "");
  EXPECT_EQ(bias_difference(2.5F, 3, 1), "") << "both are half a step away";
  EXPECT_NE(bias_difference(2.5F, 4, 1), "");
  EXPECT_NE(bias_difference(std::nextafter(2.5F, 3.0F), 2, 1), "");
}

TEST(Twin, ABiasThatIsNoNumberIsADifference) {
  EXPECT_NE(bias_difference(std::nanf(""), 0, 1), "");
  EXPECT_NE(bias_difference(HUGE_VALF, 2147483647, 1), "");
}

TEST(Twin, FindsAMissingConv) {
  const TestFolder folder;
  emit_as(Dialect::qcdq, four_bit_per_channel(), folder / "q.onnx");
  auto model = read_onnx(folder / "q.onnx");
  for (auto& node : *model.mutable_graph()->mutable_node())
    if (node.op_type() == "Conv") node.set_name("other");
  write_onnx(model, folder / "renamed.onnx");
  expect_error(ErrorKind::internal, "do not both have it", [&] { require_equal_weights(folder / "q.onnx", folder / "renamed.onnx"); });
  expect_error(ErrorKind::internal, "do not both have it", [&] { require_equal_weights(folder / "renamed.onnx", folder / "q.onnx"); });
}

}  // namespace
}  // namespace nibble::testing

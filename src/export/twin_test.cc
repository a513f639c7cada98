// SPDX-License-Identifier: Apache-2.0
#include "export/twin.h"

#include <gtest/gtest.h>

#include <cmath>

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

// SPDX-License-Identifier: Apache-2.0
#include "export/cleanup.h"

#include <gmock/gmock.h>

#include <map>

#include "export/twin.h"
#include "support/exported.h"
#include "support/onnx_build.h"

namespace nibble::testing {
namespace {

using ::testing::UnorderedElementsAre;

std::map<std::string, int> op_counts(const onnx::ModelProto& model) {
  std::map<std::string, int> counts;
  for (const auto& node : model.graph().node()) ++counts[node.op_type()];
  return counts;
}

int applied_by(const CleanupResult& result, const std::string& pass) {
  for (const auto& count : result.counts)
    if (count.pass == pass) return count.applied;
  ADD_FAILURE() << "no pass " << pass;
  return -1;
}

TEST(CleanModel, KeepsBarrierAndOutputsBitForBit) {
  const TestFolder folder;
  for (const auto& conv : {four_bit_per_channel(), four_bit_per_tensor_with_input()}) {
    emit_model(quant_conv_graph(conv), {}, folder / "raw.onnx");
    const auto result = clean_model(folder / "raw.onnx", folder / "opt.onnx");
    EXPECT_EQ(applied_by(result, "move_constants"), 2);
    EXPECT_EQ(result.before.dequantize, conv.quantize_input ? 2 : 1);
    EXPECT_EQ(result.after.dequantize, result.before.dequantize);
    EXPECT_EQ(result.after.bytes, static_cast<std::int64_t>(std::filesystem::file_size(folder / "opt.onnx")));
    auto before = op_counts(read_onnx(folder / "raw.onnx"));
    before.erase("Constant");
    EXPECT_EQ(op_counts(read_onnx(folder / "opt.onnx")), before);
    const auto x = Tensor::of<float>({1, 2, 2, 2}, {0.3F, -1, 2.75F, 100, 5, -6, 0.25F, 0.75F});
    const auto a = open_plain(folder / "raw.onnx").run({x}), b = open_plain(folder / "opt.onnx").run({x});
    EXPECT_TRUE(identical(a.at(0), b.at(0)));
  }
}

TEST(CleanModel, CleaningTwiceChangesNothingMore) {
  const TestFolder folder;
  emit_model(quant_conv_graph(four_bit_per_channel()), {}, folder / "raw.onnx");
  clean_model(folder / "raw.onnx", folder / "once.onnx");
  for (const auto& count : clean_model(folder / "once.onnx", folder / "twice.onnx").counts) EXPECT_EQ(count.applied, 0) << count.pass;
  EXPECT_EQ(read_file(folder / "once.onnx"), read_file(folder / "twice.onnx"));
}

TEST(CleanModel, KeepsMetadataAndOutputNames) {
  const TestFolder folder;
  EmitOptions options;
  options.metadata = {{"names", "{0: 'x'}"}};
  emit_model(quant_conv_graph(four_bit_per_channel()), options, folder / "raw.onnx");
  auto model = read_onnx(folder / "raw.onnx");
  auto& graph = *model.mutable_graph();
  const std::string inner = graph.output(0).name();
  append(graph, "Identity", {inner}, "between");
  append(graph, "Identity", {"between"}, "output0");
  graph.mutable_output(0)->set_name("output0");
  write_onnx(model, folder / "raw.onnx");
  EXPECT_EQ(applied_by(clean_model(folder / "raw.onnx", folder / "opt.onnx"), "remove_identities"), 2);
  const auto cleaned = read_onnx(folder / "opt.onnx");
  EXPECT_EQ(cleaned.graph().output(0).name(), "output0");
  EXPECT_EQ(op_counts(cleaned).count("Identity"), 0U);
  EXPECT_EQ(cleaned.metadata_props(0).key(), "names");
  const auto x = Tensor::of<float>({1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_TRUE(identical(open_plain(folder / "raw.onnx").run({x}).at(0), open_plain(folder / "opt.onnx").run({x}).at(0)));
}

TEST(CleanModel, ExternalWeightsMustStayReachable) {
  const TestFolder folder;
  emit_model(quant_conv_graph(four_bit_per_channel()), {}, folder / "raw.onnx");
  auto model = read_onnx(folder / "raw.onnx");
  auto& tensor = *model.mutable_graph()->mutable_initializer(0);
  write_file(folder / "weights.bin", tensor.raw_data());
  tensor.clear_raw_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  auto& entry = *tensor.add_external_data();
  entry.set_key("location");
  entry.set_value("weights.bin");
  write_onnx(model, folder / "raw.onnx");
  expect_error(ErrorKind::unsupported, "external file", [&] { clean_model(folder / "raw.onnx", folder / "elsewhere/opt.onnx"); });
  clean_model(folder / "raw.onnx", folder / "opt.onnx");
  EXPECT_TRUE(is_external(read_onnx(folder / "opt.onnx").graph().initializer(0)));
}

TEST(CleanModel, StripDropsWhatOnlyPeopleRead) {
  const TestFolder folder;
  emit_model(quant_conv_graph(four_bit_per_channel()), {}, folder / "raw.onnx");
  auto model = read_onnx(folder / "raw.onnx");
  model.mutable_graph()->mutable_node(0)->set_doc_string("a stack trace");
  *model.mutable_graph()->add_value_info() = model.graph().output(0);
  write_onnx(model, folder / "raw.onnx");
  clean_model(folder / "raw.onnx", folder / "kept.onnx");
  clean_model(folder / "raw.onnx", folder / "stripped.onnx", {false, true});
  EXPECT_EQ(read_onnx(folder / "kept.onnx").graph().value_info_size(), 1);
  EXPECT_EQ(read_onnx(folder / "stripped.onnx").graph().value_info_size(), 0);
  EXPECT_EQ(read_file(folder / "stripped.onnx").find("stack trace"), std::string::npos);
}

TEST(CleanModel, BrevitasFileKeepsItsNumbers) {
  const auto path = shared_folder() / "reference/brevitas/br_yolov10n_w4a8_tensor.onnx";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing: cleaning a foreign file was not tried";
  const TestFolder folder;
  clean_model(path, folder / "opt.onnx");
  const auto before = op_counts(read_onnx(path)), after = op_counts(read_onnx(folder / "opt.onnx"));
  for (const auto* op : {"QuantizeLinear", "DequantizeLinear", "Clip", "Conv"}) EXPECT_EQ(before.at(op), after.at(op)) << op;
  EXPECT_EQ(after.count("Shape") + after.count("Gather"), 0U);  // the input's shape is known, so all shapes are
  require_equal_weights(path, folder / "opt.onnx");
  EXPECT_LE(std::filesystem::file_size(folder / "opt.onnx"), std::filesystem::file_size(path));
}

}  // namespace
}  // namespace nibble::testing

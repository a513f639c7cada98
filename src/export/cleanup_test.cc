// SPDX-License-Identifier: Apache-2.0
#include "export/cleanup.h"

#include <gmock/gmock.h>

#include <algorithm>
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

/// Moves the bytes of the first initialiser to where the words say.
void move_out(onnx::ModelProto& model, const std::string& location, std::int64_t offset, std::int64_t length = -1) {
  auto& tensor = *model.mutable_graph()->mutable_initializer(0);
  tensor.clear_raw_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto add = [&](const std::string& key, const std::string& value) {
    auto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  };
  add("location", location);
  add("offset", std::to_string(offset));
  if (length >= 0) add("length", std::to_string(length));
}

TEST(CleanModel, ExternalWeightsAreTakenIn) {
  const TestFolder folder;
  emit_model(quant_conv_graph(four_bit_per_channel()), {}, folder / "raw.onnx");
  const auto whole = read_onnx(folder / "raw.onnx");
  const auto bytes = whole.graph().initializer(0).raw_data();
  std::filesystem::create_directories(folder / "model/data");
  std::filesystem::create_directories(folder / "elsewhere");
  write_file(folder / "model/data/weights.bin", "12345678" + bytes + "rest");
  auto model = whole;
  move_out(model, "data/weights.bin", 8);
  write_onnx(model, folder / "model/m.onnx");
  const auto result = clean_model(folder / "model/m.onnx", folder / "elsewhere/opt.onnx");
  EXPECT_EQ(applied_by(result, "take_in_external_data"), 1);
  clean_model(folder / "raw.onnx", folder / "opt.onnx");
  EXPECT_EQ(read_file(folder / "elsewhere/opt.onnx"), read_file(folder / "opt.onnx"));
  expect_error(ErrorKind::usage, "weights.bin", [&] { clean_model(folder / "model/m.onnx", folder / "model/data/weights.bin"); });
  EXPECT_EQ(read_file(folder / "model/data/weights.bin"), "12345678" + bytes + "rest");
}

TEST(CleanModel, ExternalWeightsOutOfBoundsAreRefused) {
  const TestFolder folder;
  emit_model(quant_conv_graph(four_bit_per_channel()), {}, folder / "raw.onnx");
  const auto whole = read_onnx(folder / "raw.onnx");
  const auto bytes = whole.graph().initializer(0).raw_data();
  const auto size = static_cast<std::int64_t>(bytes.size());
  std::filesystem::create_directories(folder / "model");
  write_file(folder / "model/weights.bin", bytes);
  write_file(folder / "outside.bin", bytes);
  std::filesystem::create_symlink(folder / "outside.bin", folder / "model/link.bin");
  const auto refused = [&](const std::string& words, const std::string& location, std::int64_t offset, std::int64_t length = -1) {
    auto model = whole;
    move_out(model, location, offset, length);
    write_onnx(model, folder / "model/m.onnx");
    expect_error(ErrorKind::input, words, [&] { clean_model(folder / "model/m.onnx", folder / "opt.onnx"); });
    EXPECT_FALSE(std::filesystem::exists(folder / "opt.onnx"));
  };
  refused("outside the model's folder", "../outside.bin", 0);
  refused("outside the model's folder", (folder / "outside.bin").string(), 0);
  refused("outside the model's folder", "link.bin", 0);
  refused("outside the model's folder", "", 0);
  refused("is missing", "other.bin", 0);
  refused("too long", std::string(300, 'a'), 0);
  refused("ends at byte", "weights.bin", 1);
  refused("ends at byte", "weights.bin", std::int64_t{1} << 62);
  refused("needs", "weights.bin", 0, size - 1);
  refused("offset '-1'", "weights.bin", -1);
}

TEST(CleanModel, NodesInAnyOrderAreSorted) {
  const TestFolder folder;
  emit_model(quant_conv_graph(four_bit_per_tensor_with_input()), {}, folder / "raw.onnx");
  auto model = read_onnx(folder / "raw.onnx");
  auto& nodes = *model.mutable_graph()->mutable_node();
  std::reverse(nodes.pointer_begin(), nodes.pointer_end());
  write_onnx(model, folder / "reversed.onnx");
  const auto result = clean_model(folder / "reversed.onnx", folder / "a.onnx");
  EXPECT_GT(applied_by(result, "sort_nodes"), 0);
  const auto straight = clean_model(folder / "raw.onnx", folder / "b.onnx");
  for (const auto& count : straight.counts) EXPECT_NE(count.pass, "sort_nodes") << "what is sorted stays as it is";
  EXPECT_EQ(result.after.nodes, straight.after.nodes);
  EXPECT_EQ(result.after.dequantize, straight.after.dequantize);
  const auto x = Tensor::of<float>({1, 2, 2, 2}, {0.3F, -1, 2.75F, 100, 5, -6, 0.25F, 0.75F});
  EXPECT_TRUE(identical(open_plain(folder / "a.onnx").run({x}).at(0), open_plain(folder / "b.onnx").run({x}).at(0)));
}

TEST(CleanModel, ACircleOfNodesIsRefused) {
  const TestFolder folder;
  emit_model(quant_conv_graph(four_bit_per_channel()), {}, folder / "raw.onnx");
  auto model = read_onnx(folder / "raw.onnx");
  append(*model.mutable_graph(), "Relu", {"b"}, "a").set_name("first");
  append(*model.mutable_graph(), "Relu", {"a"}, "b");
  write_onnx(model, folder / "circle.onnx");
  expect_error(ErrorKind::input, "'first'", [&] { clean_model(folder / "circle.onnx", folder / "opt.onnx"); });
  EXPECT_FALSE(std::filesystem::exists(folder / "opt.onnx"));
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

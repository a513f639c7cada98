// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <map>

#include "export/cleanup_passes.h"
#include "support/exported.h"

namespace nibble::testing {
namespace {

using ::testing::UnorderedElementsAre;

std::map<std::string, int> op_counts(const onnx::ModelProto& model) {
  std::map<std::string, int> counts;
  for (const auto& node : model.graph().node()) ++counts[node.op_type()];
  return counts;
}

onnx::NodeProto& append(onnx::GraphProto& graph, const std::string& op, const std::string& input, const std::string& output) {
  auto& node = *graph.add_node();
  node.set_op_type(op);
  if (!input.empty()) node.add_input(input);
  node.add_output(output);
  return node;
}

void append_initialiser(onnx::GraphProto& graph, const std::string& name, float value) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(1);
  tensor.set_raw_data(&value, sizeof value);
}

TEST(CleanModel, KeepsBarrierAndOutputsBitForBit) {
  const TestFolder folder;
  for (const auto& conv : {four_bit_per_channel(), four_bit_per_tensor_with_input()}) {
    emit_model(quant_conv_graph(conv), {}, folder / "raw.onnx");
    const auto counts = clean_model(folder / "raw.onnx", folder / "opt.onnx");
    ASSERT_EQ(counts.size(), 5U);
    EXPECT_EQ(counts[1].pass, "move_constants");
    EXPECT_EQ(counts[1].applied, 2);
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
  for (const auto& count : clean_model(folder / "once.onnx", folder / "twice.onnx")) EXPECT_EQ(count.applied, 0) << count.pass;
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
  append(graph, "Identity", inner, "between");
  append(graph, "Identity", "between", "output0");
  graph.mutable_output(0)->set_name("output0");
  write_onnx(model, folder / "raw.onnx");
  EXPECT_EQ(clean_model(folder / "raw.onnx", folder / "opt.onnx")[0].applied, 2);
  const auto cleaned = read_onnx(folder / "opt.onnx");
  EXPECT_EQ(cleaned.graph().output(0).name(), "output0");
  EXPECT_EQ(op_counts(cleaned).count("Identity"), 0U);
  EXPECT_EQ(cleaned.metadata_props(0).key(), "names");
  const auto x = Tensor::of<float>({1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_TRUE(identical(open_plain(folder / "raw.onnx").run({x}).at(0), open_plain(folder / "opt.onnx").run({x}).at(0)));
}

TEST(CleanModel, IdentityThatNamesAnInputOrASecondOutputStays) {
  onnx::GraphProto graph;
  graph.add_input()->set_name("x");
  append(graph, "Identity", "x", "y");
  append(graph, "Relu", "x", "r");
  append(graph, "Identity", "r", "s");
  for (const auto* name : {"y", "r", "s"}) graph.add_output()->set_name(name);
  EXPECT_EQ(remove_identities(graph), 0);
  EXPECT_EQ(graph.node(0).output(0), "y");
  EXPECT_EQ(graph.node(2).output(0), "s");
}

TEST(CleanModel, DropsDeadNodesAndUnusedInitialisers) {
  onnx::GraphProto graph;
  graph.add_input()->set_name("x");
  append_initialiser(graph, "used", 1);
  append_initialiser(graph, "unused", 2);
  append_initialiser(graph, "of the dead", 3);
  append(graph, "Add", "x", "y").add_input("used");
  append(graph, "Add", "y", "dead").add_input("of the dead");
  append(graph, "Relu", "dead", "dead too");
  graph.add_output()->set_name("y");
  graph.add_value_info()->set_name("dead");
  EXPECT_EQ(drop_dead_nodes(graph), 2);
  EXPECT_EQ(drop_unused_initialisers(graph), 2);
  ASSERT_EQ(graph.initializer_size(), 1);
  EXPECT_EQ(graph.initializer(0).name(), "used");
  EXPECT_EQ(graph.value_info_size(), 0);
}

TEST(CleanModel, MergesEqualInitialisersOnly) {
  onnx::GraphProto graph;
  append_initialiser(graph, "a", 1);
  append_initialiser(graph, "b", 1);
  append_initialiser(graph, "c", 2);
  append_initialiser(graph, "fed", 1);
  append_initialiser(graph, "vector", 1);
  graph.mutable_initializer(4)->add_dims(1);
  graph.add_input()->set_name("fed");
  auto& node = append(graph, "Sum", "a", "y");
  for (const auto* name : {"b", "c", "fed", "vector"}) node.add_input(name);
  graph.add_output()->set_name("y");
  EXPECT_EQ(merge_duplicate_initialisers(graph), 1);
  EXPECT_THAT(node.input(), ::testing::ElementsAre("a", "a", "c", "fed", "vector"));
}

TEST(CleanModel, MovesNumbersAndKeepsStrings) {
  onnx::GraphProto graph;
  const auto constant = [&](const std::string& name, const std::string& output) -> onnx::AttributeProto& {
    auto& attribute = *append(graph, "Constant", "", output).add_attribute();
    attribute.set_name(name);
    return attribute;
  };
  constant("value_int", "i").set_i(7);
  constant("value_floats", "f").add_floats(2.5F);
  constant("value_string", "s").set_s("text");
  constant("value_int", "out").set_i(1);
  graph.add_output()->set_name("out");
  EXPECT_EQ(move_constants(graph), 2);
  ASSERT_EQ(graph.initializer_size(), 2);
  EXPECT_EQ(graph.initializer(0).int64_data(0), 7);
  EXPECT_EQ(graph.initializer(1).dims(0), 1);
  EXPECT_EQ(graph.node_size(), 2);
}

TEST(CleanModel, BrevitasFileKeepsItsNumbers) {
  const auto path = shared_folder() / "reference/brevitas/br_yolov10n_w4a8_tensor.onnx";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing: cleaning a foreign file was not tried";
  const TestFolder folder;
  clean_model(path, folder / "opt.onnx");
  const auto before = op_counts(read_onnx(path)), after = op_counts(read_onnx(folder / "opt.onnx"));
  for (const auto* op : {"QuantizeLinear", "DequantizeLinear", "Clip", "Conv"}) EXPECT_EQ(before.at(op), after.at(op)) << op;
  require_equal_weights(path, folder / "opt.onnx");
  EXPECT_LE(std::filesystem::file_size(folder / "opt.onnx"), std::filesystem::file_size(path));
}

}  // namespace
}  // namespace nibble::testing

// SPDX-License-Identifier: Apache-2.0
#include "export/onnx_summary.h"

#include <gmock/gmock.h>

#include <random>
#include <sstream>

#include "export/cleanup.h"
#include "export/cleanup_passes.h"
#include "support/exported.h"

namespace nibble::testing {
namespace {

using ::testing::ElementsAre;

OnnxSummary summary_of(const QuantConv& conv, Dialect dialect = Dialect::qcdq) {
  const TestFolder folder;
  EmitOptions options;
  options.dialect = dialect;
  options.metadata = {{"stride", "32"}};
  emit_model(quant_conv_graph(conv), options, folder / "m.onnx");
  return summarize_onnx(folder / "m.onnx");
}

TEST(OnnxSummary, HeadAndTensors) {
  const auto summary = summary_of(four_bit_per_tensor_with_input());
  EXPECT_EQ(summary.ir_version, 7);
  EXPECT_EQ(summary.opset, 13);
  EXPECT_THAT(summary.producer, ::testing::StartsWith("nibble "));
  EXPECT_EQ(summary.metadata.at("stride"), "32");
  ASSERT_EQ(summary.inputs.size(), 1U);
  EXPECT_EQ(summary.inputs[0].name, "x");
  EXPECT_EQ(summary.inputs[0].dtype, "float32");
  EXPECT_THAT(summary.inputs[0].shape, ElementsAre("1", "2", "2", "2"));
  EXPECT_EQ(summary.op_counts.at("DequantizeLinear"), 2);
  EXPECT_GT(summary.file_bytes, 100);
}

TEST(OnnxSummary, LayersOfEveryKind) {
  struct Case {
    OnnxSummary summary;
    int weight_bits, activation_bits;
    std::string granularity;
    std::int64_t weights, bytes;
  };
  const QuantConv eight{{8, true, false, Granularity::channel, 0}, {2, 1, 1, 1}, {-128, 127}, {0.5F, 2}};
  const std::vector<Case> cases{{summary_of(four_bit_per_channel()), 4, 0, "channel", 6, 6 + 12 + 3},
                                {summary_of(four_bit_per_channel(), Dialect::int4), 4, 0, "channel", 6, 3 + 12},
                                {summary_of(four_bit_per_tensor_with_input()), 4, 8, "tensor", 6, 6 + 4 + 1},
                                {summary_of(four_bit_blocked(), Dialect::int4), 4, 0, "block 2", 4, 2 + 8},
                                {summary_of(eight), 8, 0, "channel", 2, 2 + 8 + 2}};
  for (const auto& expected : cases) {
    ASSERT_EQ(expected.summary.layers.size(), 1U);
    const auto& layer = expected.summary.layers[0];
    EXPECT_EQ(layer.name, "model.0.conv");
    EXPECT_EQ(layer.weight_bits, expected.weight_bits);
    EXPECT_EQ(layer.activation_bits, expected.activation_bits);
    EXPECT_EQ(layer.granularity, expected.granularity);
    EXPECT_EQ(layer.weights, expected.weights);
    EXPECT_EQ(layer.bytes, expected.bytes);
  }
}

TEST(OnnxSummary, FloatLayer) {
  Graph graph;
  const auto x = graph.add_input("x", {1, 2});
  graph.outputs = {graph.add("fc", op::MatMul{}, {x, graph.add_constant("w", Tensor::of<float>({2, 1}, {1, 2}))})};
  const TestFolder folder;
  emit_model(graph, {}, folder / "m.onnx");
  const auto layers = summarize_onnx(folder / "m.onnx").layers;
  ASSERT_EQ(layers.size(), 1U);
  EXPECT_EQ(layers[0].op, "MatMul");
  EXPECT_EQ(layers[0].weight_bits, 32);
  EXPECT_EQ(layers[0].granularity, "float");
  EXPECT_EQ(layers[0].bytes, 8);
}

TEST(OnnxSummary, BrevitasFiles) {
  const auto folder = shared_folder() / "reference/brevitas";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is missing: no foreign file was read";
  for (const auto& [file, granularity, activations] :
       {std::tuple{"br_yolov10n_w4a16_channel.onnx", "channel", 0}, std::tuple{"br_yolov10n_w4a8_tensor.onnx", "tensor", 8}}) {
    const auto summary = summarize_onnx(folder / file);
    EXPECT_EQ(summary.inputs.size(), 1U);  // biases are listed as inputs with defaults
    ASSERT_EQ(summary.layers.size(), 83U);
    EXPECT_EQ(std::count_if(summary.layers.begin(), summary.layers.end(),
                            [&granularity = granularity, &activations = activations](const auto& layer) {
                              return layer.weight_bits == 4 && layer.granularity == granularity && layer.activation_bits == activations;
                            }),
              82);
    EXPECT_EQ(std::count_if(summary.layers.begin(), summary.layers.end(), [](const auto& layer) { return layer.granularity == "float"; }),
              1);
  }
}

class HostileFile : public ::testing::Test {
 protected:
  void SetUp() override {
    emit_model(quant_conv_graph(four_bit_per_channel()), {}, folder_ / "good.onnx");
    good_ = read_file(folder_ / "good.onnx");
  }
  /// Refused with Error(input) or read; anything else (another exception, a crash) fails the test.
  bool accepted(const std::string& bytes) {
    try {
      std::istringstream in(bytes);  // not a file: thousands of small files take minutes on a busy disk
      auto model = parse_onnx(in, "bad.onnx");
      summarize_onnx(model);
      remove_identities(*model.mutable_graph());
      move_constants(*model.mutable_graph());
      drop_dead_nodes(*model.mutable_graph());
      merge_duplicate_initialisers(*model.mutable_graph());
      drop_unused_initialisers(*model.mutable_graph());
      return true;
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::internal) << error.what();
      return false;
    }
  }
  TestFolder folder_;
  std::string good_;
};

TEST_F(HostileFile, TruncatedAtEveryLengthIsRefused) {
  for (std::size_t length = 0; length < good_.size(); ++length) EXPECT_FALSE(accepted(good_.substr(0, length))) << length;
  EXPECT_TRUE(accepted(good_));
}

TEST_F(HostileFile, DamagedAtEveryByteNeverCrashes) {
  std::size_t read = 0, refused = 0;
  for (std::size_t at = 0; at < good_.size(); ++at)
    for (const char mask : {'\x01', '\x80', '\xFF'}) {
      std::string bytes = good_;
      bytes[at] = static_cast<char>(bytes[at] ^ mask);
      ++(accepted(bytes) ? read : refused);
    }
  EXPECT_GT(read, 0U) << "numbers of weights";
  EXPECT_GT(refused, good_.size() / 4);
}

TEST_F(HostileFile, GarbageIsRefusedWithTheFilesName) {
  std::mt19937 random(1);
  std::string garbage(4096, '\0');
  for (auto& byte : garbage) byte = static_cast<char>(random());
  for (const auto& bytes : {garbage, std::string(), std::string(100, '\0'), std::string("PK\x03\x04 a zip file")}) {
    write_file(folder_ / "bad.onnx", std::string_view(bytes));
    expect_error(ErrorKind::input, "bad.onnx", [&] { summarize_onnx(folder_ / "bad.onnx"); });
  }
  expect_error(ErrorKind::input, "absent.onnx", [&] { summarize_onnx(folder_ / "absent.onnx"); });
}

TEST_F(HostileFile, MissingExternalDataIsNamed) {
  auto model = read_onnx(folder_ / "good.onnx");
  auto& tensor = *model.mutable_graph()->mutable_initializer(0);
  tensor.clear_raw_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  auto& entry = *tensor.add_external_data();
  entry.set_key("location");
  entry.set_value("weights.bin");
  write_onnx(model, folder_ / "bad.onnx");
  expect_error(ErrorKind::input, "weights.bin", [&] { summarize_onnx(folder_ / "bad.onnx"); });
}

TEST_F(HostileFile, ShapesLargerThanTheFileAreRefused) {
  auto model = read_onnx(folder_ / "good.onnx");
  model.mutable_graph()->mutable_initializer(0)->set_dims(0, std::int64_t{1} << 62);
  write_onnx(model, folder_ / "bad.onnx");
  expect_error(ErrorKind::input, "model.0.conv.weight_codes", [&] { summarize_onnx(folder_ / "bad.onnx"); });
  auto& tensor = *model.mutable_graph()->mutable_initializer(0);
  tensor.clear_dims();
  for (const auto extent : {std::int64_t{0}, std::int64_t{1} << 40, std::int64_t{1} << 40}) tensor.add_dims(extent);
  tensor.clear_raw_data();
  write_onnx(model, folder_ / "bad.onnx");
  expect_error(ErrorKind::input, "more elements than a file can hold", [&] { summarize_onnx(folder_ / "bad.onnx"); });
}

}  // namespace
}  // namespace nibble::testing

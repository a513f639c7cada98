// SPDX-License-Identifier: Apache-2.0
// The wiring of each block, as the paper's figure 3 draws it (arXiv 2405.14458); numbers are compared in tests/parity.
#include "yolo/blocks.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/log.h"
#include "ckpt/archive_builder.h"
#include "graph/rewrites.h"
#include "support/scratch.h"
#include "yolo/detector.h"
#include "yolo/module_view.h"
#include "yolo/test_tiny_model.h"

namespace nibble {
namespace {

using testing::ElementsAre;

constexpr std::string_view kOutput = "_output";

/// "cv1.act" of value "model.2.cv1.act_output": within the block, without what every name has.
std::string short_name(std::string name, const std::string& block) {
  if (const auto at = name.find(kOutput); at != std::string::npos) name.erase(at, kOutput.size());
  return name.starts_with(block) ? name.substr(block.size()) : name;
}

/// Nodes of one block of the baseline, "name: Op(inputs)", activations and weights left out.
std::vector<std::string> wiring(const std::string& block) {
  const BuildOptions options{.head = Head::raw, .image_size = test::kTinySize, .batch = 1, .max_detections = 300};
  const auto graph = build_baseline(test::tiny_checkpoint(), options).graph;
  std::vector<std::string> lines;
  for (const auto& node : graph.nodes) {
    if (!node.name.starts_with(block) || std::holds_alternative<op::Silu>(node.op)) continue;
    std::string inputs;
    for (const auto id : node.inputs)
      if (!graph.value(id).constant) inputs += fmt::format("{}{}", inputs.empty() ? "" : ", ", short_name(graph.value(id).name, block));
    lines.push_back(fmt::format("{}: {}({})", short_name(node.name, block), name_of(node.op), inputs));
  }
  return lines;
}

TEST(BlocksTest, ScDown) { EXPECT_THAT(wiring("model.1."), ElementsAre("cv1.conv: Conv(model.0.act)", "cv2.conv: Conv(cv1.act)")); }

TEST(BlocksTest, C2fOfBottlenecks) {
  EXPECT_THAT(wiring("model.2."),
              ElementsAre("cv1.conv: Conv(model.1.cv2.conv)", "split: Split(cv1.act)", "m.0.cv1.conv: Conv(split_1)",
                          "m.0.cv2.conv: Conv(m.0.cv1.act)", "m.0.add: Add(split_1, m.0.cv2.act)", "m.1.cv1.conv: Conv(m.0.add)",
                          "m.1.cv2.conv: Conv(m.1.cv1.act)", "m.1.add: Add(m.0.add, m.1.cv2.act)",
                          "concat: Concat(split, split_1, m.0.add, m.1.add)", "cv2.conv: Conv(concat)"));
}

TEST(BlocksTest, PsaWithAttention) {
  EXPECT_THAT(
      wiring("model.3."),
      ElementsAre("cv1.conv: Conv(model.2.cv2.act)", "split: Split(cv1.act)", "attn.qkv.conv: Conv(split_1)",
                  "attn.heads: Reshape(attn.qkv.conv)", "attn.split: Split(attn.heads)", "attn.q_transposed: Transpose(attn.split)",
                  "attn.q_scaled: Mul(attn.q_transposed)", "attn.qk: MatMul(attn.q_scaled, attn.split_1)", "attn.softmax: Softmax(attn.qk)",
                  "attn.weights_transposed: Transpose(attn.softmax)", "attn.weighted: MatMul(attn.split_2, attn.weights_transposed)",
                  "attn.attended: Reshape(attn.weighted)", "attn.v_map: Reshape(attn.split_2)", "attn.pe.conv: Conv(attn.v_map)",
                  "attn.add: Add(attn.attended, attn.pe.conv)", "attn.proj.conv: Conv(attn.add)", "attn_add: Add(split_1, attn.proj.conv)",
                  "ffn.0.conv: Conv(attn_add)", "ffn.1.conv: Conv(ffn.0.act)", "ffn_add: Add(attn_add, ffn.1.conv)",
                  "concat: Concat(split, ffn_add)", "cv2.conv: Conv(concat)"));
}

TEST(BlocksTest, UpsampleAndConcatReadTheLayersTheyName) {
  EXPECT_THAT(wiring("model.4"), ElementsAre(": ResizeNearest(model.3.cv2.act)"));
  EXPECT_THAT(wiring("model.5"), ElementsAre(": Concat(model.4, model.0.act)"));
}

TEST(BlocksTest, C2fCibWithMergedRepVggDw) {
  EXPECT_THAT(wiring("model.6."),
              ElementsAre("cv1.conv: Conv(model.5)", "split: Split(cv1.act)", "m.0.cv1.0.conv: Conv(split_1)",
                          "m.0.cv1.1.conv: Conv(m.0.cv1.0.act)", "m.0.cv1.2.conv.conv: Conv(m.0.cv1.1.act)",
                          "m.0.cv1.3.conv: Conv(m.0.cv1.2.act)", "m.0.cv1.4.conv: Conv(m.0.cv1.3.act)",
                          "m.0.add: Add(split_1, m.0.cv1.4.act)", "concat: Concat(split, split_1, m.0.add)", "cv2.conv: Conv(concat)"));
}

TEST(BlocksTest, Sppf) {
  EXPECT_THAT(wiring("model.7."), ElementsAre("cv1.conv: Conv(model.6.cv2.act)", "m.0: MaxPool(cv1.act)", "m.1: MaxPool(m.0)",
                                              "m.2: MaxPool(m.1)", "concat: Concat(cv1.act, m.0, m.1, m.2)", "cv2.conv: Conv(concat)"));
}

class ForeignModules : public testing::Test {
 protected:
  /// The root of the archive, as a layer that reads an image.
  void add(const test::Code& code) {
    checkpoint_ = read_checkpoint(archive_.bytes(code), "tiny.pt");
    Graph graph;
    add_module(graph, Module(checkpoint_, "model.0", checkpoint_.root()), {graph.add_input("x", {1, 3, 8, 8})});
  }
  test::NamedCodes attributes() const {
    return {{"in_channels", test::integer(3)},  {"out_channels", test::integer(2)},    {"kernel_size", test::integers({1, 1})},
            {"stride", test::integers({1, 1})}, {"padding", test::integers({0, 0})},   {"dilation", test::integers({1, 1})},
            {"groups", test::integer(1)},       {"padding_mode", test::text("zeros")}, {"transposed", test::boolean(false)}};
  }
  test::Code weight() { return archive_.tensor<float>({2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}); }
  test::Code conv2d(const test::NamedCodes& parameters, const std::string& package = "torch.nn.modules.conv") {
    return test::module(package, "Conv2d", attributes(), parameters);
  }
  test::Code conv(const test::NamedCodes& parameters, const std::string& package = "ultralytics.nn.modules.conv") {
    return test::module(package, "Conv", {}, {}, {},
                        {{"conv", conv2d(parameters)}, {"act", test::module("torch.nn.modules.linear", "Identity", {})}});
  }

  test::Archive archive_;
  Checkpoint checkpoint_ = read_checkpoint(test::Archive().bytes(test::none()), "empty.pt");
};

TEST_F(ForeignModules, ClassesOfTheSameNameAreOthers) {
  const auto bias = [&] { return archive_.tensor<float>({2}, {1, 2}); };
  EXPECT_NO_THROW(add(conv({{"weight", weight()}, {"bias", bias()}})));
  for (const auto* package : {"ultralytics.nn.extra_modules.dcn", "ultralytics.utils.mine", "ultralytics.nn.modules_of_mine"})
    test::expect_error(ErrorKind::unsupported, {"model.0", package, "does not know this class"}, [&] {
      add(conv({{"weight", weight()}, {"bias", bias()}}, package));
    });
  EXPECT_NO_THROW(add(conv2d({{"weight", weight()}})));
  for (const auto* package : {"torch.ao.nn.qat.modules.conv", "torch.nn.quantized.modules.conv"})
    test::expect_error(ErrorKind::unsupported, {package, "does not know this class"}, [&] {
      add(conv2d({{"weight", weight()}}, package));
    });
}

TEST_F(ForeignModules, HooksAreWarnedOf) {
  std::string said;
  set_log_listener([&](LogLevel level, const std::string& words) { said += level == LogLevel::warning ? words : ""; });
  auto with_hook = attributes();
  with_hook.emplace_back("_forward_hooks", test::ordered_dict({}));
  add(test::module("torch.nn.modules.conv", "Conv2d", with_hook, {{"weight", weight()}}));
  EXPECT_EQ(said, "");
  with_hook.back().second = test::ordered_dict({{test::integer(1), test::global("mine", "hook")}});
  add(test::module("torch.nn.modules.conv", "Conv2d", with_hook, {{"weight", weight()}}));
  set_log_listener({});
  EXPECT_THAT(said, testing::HasSubstr("model.0 (torch.nn.modules.conv.Conv2d): has forward_hooks, which are not run"));
}

TEST_F(ForeignModules, AConvolutionKeepsItsNormOrABias) {
  test::expect_error(ErrorKind::input, {"model.0", "neither BatchNorm nor", "bias"}, [&] { add(conv({{"weight", weight()}})); });
}

TEST_F(ForeignModules, WeightsAreFloatingNumbersAsTheyAreStored) {
  test::expect_error(ErrorKind::unsupported, {"model.0", "'weight' holds int16 numbers"}, [&] {
    add(conv2d({{"weight", archive_.tensor<std::int16_t>({2, 3, 1, 1}, {1, 2, 3, 4, 5, 6})}}));
  });
  const auto view = [&](bool negated) {
    const auto storage = test::storage("FloatStorage", archive_.add_storage<float>({1, 2, 3, 4, 5, 6}), 6);
    return test::call("torch._utils", "_rebuild_tensor_v2",
                      {storage, test::integer(0), test::integers({2, 3, 1, 1}), test::integers({3, 1, 1, 1}), test::boolean(false),
                       test::ordered_dict({}), test::named_dict({{"conj", test::boolean(false)}, {"neg", test::boolean(negated)}})});
  };
  EXPECT_NO_THROW(add(conv2d({{"weight", view(false)}})));
  test::expect_error(ErrorKind::unsupported, {"view with str 'neg' set"}, [&] { add(conv2d({{"weight", view(true)}})); });
}

}  // namespace
}  // namespace nibble

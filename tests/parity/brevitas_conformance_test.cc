// SPDX-License-Identifier: Apache-2.0
// Our QCDQ files beside those of Brevitas 0.12.1: the same operators, attributes, dtypes and shapes around every Conv, the same integers
// from the same scales, the same numbers in ONNX Runtime.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>

#include "ckpt/checkpoint.h"
#include "export/cleanup.h"
#include "export/onnx_summary.h"
#include "export/twin.h"
#include "ort/random_run.h"
#include "parity/conv_site.h"
#include "support/exported.h"
#include "support/tensor_difference.h"
#include "yolo/detector.h"

namespace nibble::testing {
namespace {
namespace fs = std::filesystem;

const fs::path kGoldens = fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/brevitas_qcdq";

onnx::ModelProto printed(const Graph& graph, const fs::path& path) {
  emit_model(graph, {}, path);
  return read_onnx(path);
}

void expect_same_sites(const onnx::ModelProto& ours, const std::vector<ConvSite>& theirs) {
  std::map<std::string, std::string> layouts;
  for (const auto& site : conv_sites(ours)) layouts[site.name] = site.layout;
  ASSERT_EQ(layouts.size(), theirs.size());
  for (const auto& site : theirs) EXPECT_EQ(layouts[site.name], site.layout) << site.name;
}

/// The chain of the goldens from their own biases: x -> Conv "0" -> ... -> Conv "6".
Graph chain_of(const std::vector<ConvSite>& sites) {
  Graph graph;
  auto x = graph.add_input("x", {1, 2, 2, 2});
  for (const auto& site : sites) {
    const auto weight = graph.add_constant(site.name + ".weight", Tensor::of<float>({2, 2, 1, 1}, {0, 0, 0, 0}));
    const auto bias = graph.add_constant(site.name + ".bias", *site.bias);
    x = graph.add(site.name, op::Conv{}, {x, weight, bias});
  }
  graph.outputs = {x};
  return graph;
}

class Golden : public ::testing::TestWithParam<const char*> {
 protected:
  onnx::ModelProto theirs_ = read_onnx(kGoldens / (std::string(GetParam()) + ".onnx"));
  std::vector<ConvSite> sites_ = conv_sites(theirs_);
  TestFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(BrevitasConformance, Golden, ::testing::Values("narrow_channel", "narrow_tensor", "full_channel", "full_tensor"));

TEST_P(Golden, TwoToEightBitsAreWrittenAlike) {
  const auto ours = printed(with_sites(chain_of(sites_), sites_), folder_ / "ours.onnx");
  EXPECT_EQ(ours.ir_version(), theirs_.ir_version());
  EXPECT_EQ(ours.opset_import(0).version(), theirs_.opset_import(0).version());
  expect_same_sites(ours, sites_);
}

TEST_P(Golden, TheSameIntegersGiveTheSameOutputs) {
  emit_model(with_sites(chain_of(sites_), sites_), {}, folder_ / "ours.onnx");
  const auto x = Tensor::of<float>({1, 2, 2, 2}, {0.1F, 0.9F, 0.3F, 0.5F, 0.7F, 0.2F, 0.4F, 0.8F});
  const auto theirs = open_plain(kGoldens / (std::string(GetParam()) + ".onnx")).run({x});
  EXPECT_TRUE(identical(open_plain(folder_ / "ours.onnx").run({x}).at(0), theirs.at(0)));
}

TEST_P(Golden, InspectReadsBitsAndGranularity) {
  const auto layers = summarize_onnx(theirs_).layers;
  ASSERT_EQ(layers.size(), 7U);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const int bits = static_cast<int>(i) + 2;
    EXPECT_EQ(layers[i].weight_bits, bits);
    EXPECT_EQ(layers[i].activation_bits, bits < 5 ? 8 : 0);
    EXPECT_EQ(layers[i].granularity, std::string(GetParam()).ends_with("channel") ? "channel" : "tensor");
    EXPECT_EQ(sites_[i].params->spec.bits, bits);
    EXPECT_EQ(sites_[i].params->spec.narrow, std::string(GetParam()).starts_with("narrow"));
  }
}

TEST_P(Golden, CleanUpKeepsTheDialect) {
  clean_model(kGoldens / (std::string(GetParam()) + ".onnx"), folder_ / "opt.onnx");
  expect_same_sites(read_onnx(folder_ / "opt.onnx"), sites_);
}

/// The DFL convolution has no bias to name it by; the two kernels of RepVGGDW were merged under another name there.
std::string our_name(const ConvSite& site) {
  if (!site.bias) return "model.23.dfl.conv";
  return site.name == "model.22.m.0.cv1.2.conv" ? site.name + ".conv" : site.name;
}

class Reference : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    path_ = shared_folder() / "reference/brevitas" / GetParam();
    if (!fs::exists(path_)) GTEST_SKIP() << path_ << " is missing: a whole network was not compared with Brevitas'";
    theirs_ = read_onnx(path_);
    sites_ = conv_sites(theirs_);
    for (auto& site : sites_) site.name = our_name(site);
    float_ = build_baseline(read_checkpoint(shared_folder() / "weights/yolov10n.pt"), BuildOptions{.head = Head::one2many}).graph;
  }
  fs::path path_;
  onnx::ModelProto theirs_;
  std::vector<ConvSite> sites_;
  Graph float_;
  TestFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(BrevitasConformance, Reference,
                         ::testing::Values("br_yolov10n_w4a16_channel.onnx", "br_yolov10n_w4a8_tensor.onnx"));

TEST_P(Reference, YoloV10nIsWrittenAlikeNodeByNode) {
  const auto ours = printed(with_sites(float_, sites_), folder_ / "ours.onnx");
  EXPECT_EQ(ours.ir_version(), theirs_.ir_version());
  EXPECT_EQ(ours.opset_import(0).version(), theirs_.opset_import(0).version());
  expect_same_sites(ours, sites_);
  clean_model(folder_ / "ours.onnx", folder_ / "opt.onnx");
  expect_same_sites(read_onnx(folder_ / "opt.onnx"), sites_);
}

/// Half-way cases may fall to either side: BatchNorm was folded in another order of operations there, which moves weights by a few units in
/// the last place.
TEST_P(Reference, TheSameScalesGiveTheSameIntegers) {
  std::map<std::string, Tensor> weights;
  for (const auto& node : float_.nodes)
    if (std::holds_alternative<op::Conv>(node.op)) weights.emplace(node.name, *float_.value(node.inputs[1]).constant);
  std::int64_t compared = 0, different = 0;
  for (const auto& site : sites_) {
    if (!site.params) continue;
    const auto& spec = site.params->spec;
    const auto w = weights.at(site.name).as<float>();
    const auto scale = site.params->scale.as<float>();
    const auto codes = site.codes->as<std::int8_t>();
    ASSERT_EQ(w.size(), codes.size()) << site.name;
    const auto per_channel = w.size() / scale.size();
    for (std::size_t i = 0; i < w.size(); ++i) {
      const float steps = w[i] / scale[i / per_channel];
      const auto code = std::clamp(static_cast<int>(std::nearbyint(steps)), spec.min_code(), spec.max_code());
      ++compared;
      if (code == codes[i]) continue;
      ++different;
      EXPECT_NEAR(std::abs(steps - std::trunc(steps)), 0.5F, 1e-5F) << site.name << " element " << i;
      EXPECT_EQ(std::abs(code - codes[i]), 1) << site.name << " element " << i;
    }
  }
  RecordProperty("compared", static_cast<int>(compared));
  RecordProperty("different", static_cast<int>(different));
  EXPECT_GT(compared, 2'000'000);
  const bool per_tensor = sites_.front().params->scale.count() == 1;
  EXPECT_LE(different, per_tensor ? 0 : compared / 1000) << "of " << compared;
}

TEST_P(Reference, TheBiasesAreTheSame) {
  std::map<std::string, Tensor> biases;
  for (const auto& node : float_.nodes)
    if (std::holds_alternative<op::Conv>(node.op) && node.inputs.size() > 2)
      biases.emplace(node.name, *float_.value(node.inputs[2]).constant);
  for (const auto& site : sites_) {
    if (!site.bias) continue;
    const auto difference = difference_of(*site.bias, biases.at(site.name));
    EXPECT_LT(difference.max_abs, 1e-4) << site.name;
  }
}

/// With their biases too: one unit in the last place moves a quantised activation by a step, and all that follows.
TEST_P(Reference, TheNetworksComputeTheSame) {
  emit_model(with_sites(float_, sites_), {}, folder_ / "ours.onnx");
  const auto theirs = open_plain(path_), ours = open_plain(folder_ / "ours.onnx");
  const auto inputs = random_inputs(theirs, 0);
  const auto difference = difference_of(theirs.run(inputs).at(0), ours.run(inputs).at(0));
  EXPECT_LT(difference.mean_abs, 1e-4) << difference.max_abs;
}

}  // namespace
}  // namespace nibble::testing

// SPDX-License-Identifier: Apache-2.0
#include "commands/inspect_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using testing::HasSubstr;
using testing::StartsWith;

OnnxSummary detector(std::vector<std::string> output, const std::string& size = "640") {
  OnnxSummary summary;
  summary.inputs = {{"images", "float32", {"1", "3", size, size}}};
  summary.outputs = {{"output0", "float32", std::move(output)}};
  return summary;
}

TEST(Meaning, IsTheFilesOwnWordsFirst) {
  auto summary = detector({"1", "84", "8400"});
  summary.metadata["nibble.output0"] = "as it says";
  EXPECT_EQ(meaning_of(summary), "as it says");
}

TEST(Meaning, ClassNamesTellScoresFromLogits) {
  auto summary = detector({"1", "66", "8400"});
  summary.metadata["names"] = "{0: 'cat', 1: 'dog'}";
  EXPECT_THAT(meaning_of(summary), HasSubstr("2 class logits"));
  summary.outputs[0].shape[1] = "6";
  EXPECT_THAT(meaning_of(summary), HasSubstr("2 class scores"));
  summary.outputs[0].shape[1] = "9";
  EXPECT_THAT(meaning_of(summary), HasSubstr("not a shape"));
  EXPECT_THAT(meaning_of(detector({"1", "300", "6"})), HasSubstr("no NMS"));
}

TEST(Meaning, WithoutNamesTheAnchorsMakeItLikely) {
  EXPECT_THAT(meaning_of(detector({"1", "84", "8400"})),
              testing::AllOf(StartsWith("likely one2many"), HasSubstr("80 class scores"), HasSubstr("or raw logits of 20 classes")));
  EXPECT_THAT(meaning_of(detector({"1", "84", "2100"}, "320")), StartsWith("likely one2many"));
  EXPECT_THAT(meaning_of(detector({"1", "84", "8400"}, "320")), StartsWith("unknown"));
  EXPECT_THAT(meaning_of(detector({"1", "rows", "8400"})), StartsWith("unknown"));
  EXPECT_THAT(meaning_of(detector({"1", "1000"})), HasSubstr("not a shape"));
}

OnnxLayer layer(int bits, std::int64_t weight_bytes, int activation_bits) {
  OnnxLayer made;
  made.weight_bits = bits;
  made.granularity = bits == 32 ? "float" : "channel";
  made.weights = 100;
  made.weight_bytes = weight_bytes;
  made.activation_bits = activation_bits;
  return made;
}

TEST(Quantisation, IsToldInWords) {
  OnnxSummary summary;
  summary.layers = {layer(32, 400, 0)};
  EXPECT_EQ(quantisation_of(summary), "none: every layer is float");
  summary.layers.push_back(layer(4, 50, 0));
  EXPECT_EQ(quantisation_of(summary), "1 of 2 layers: 4-bit weights, a scale per channel, packed; inputs are float");
  summary.layers[1] = layer(4, 100, 8);
  summary.op_counts["Clip"] = 1;
  EXPECT_EQ(quantisation_of(summary), "1 of 2 layers: 4-bit weights, a scale per channel, as bytes (QCDQ); 1 read 8-bit inputs");
  summary.metadata["nibble.dialect"] = "integer";
  EXPECT_THAT(quantisation_of(summary), HasSubstr("for integer kernels"));
  summary.op_counts["QLinearConv"] = 3;
  EXPECT_THAT(quantisation_of(summary), StartsWith("3 convolutions are integer operators"));
  summary.op_counts["QLinearConv"] = 0;
  summary.op_counts["ConvInteger"] = 1;  // a decoder's, not a layer's
  summary.layers[1] = layer(3, 38, 8);
  summary.layers[1].trellis = true;
  EXPECT_THAT(quantisation_of(summary), HasSubstr("3-bit weights, a scale per channel, packed along a trellis, for integer kernels"));
  summary.metadata.clear();
  EXPECT_THAT(quantisation_of(summary), HasSubstr("packed along a trellis, decoded to bytes when loaded"));
}

TEST(TryProviders, SaysWhyAFileIsRefused) {
  const auto file = test::process_folder() / "not.onnx";
  write_file(file, "no model");
  const auto trials = try_providers(file);
  ASSERT_FALSE(trials.empty()) << "the CPU provider is always compiled in";
  EXPECT_EQ(trials[0].provider, "cpu");
  EXPECT_FALSE(trials[0].loads);
  EXPECT_THAT(trials[0].problem, HasSubstr("not.onnx"));
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The exported files of the embedded default, byte for byte, so that a change of structure cannot change a file unnoticed. The recipes here
// round to nearest by scales that the weights alone give: neither the images, nor the number of threads, nor the processor's arithmetic is
// in the weights. Where activations are quantised, their ranges come from the processor; only the codes of the weights are compared there.
//
// When a hash changes on purpose (a new version number, another field in the metadata, another operator, a better rounding): run
//   build/exported_bytes_e2e_test
// take the new hashes from its output, and say in the commit what changed in the files and why. When nothing was meant to change, the
// change is a fault: `nibble compare` and `nibble inspect` of the file before and after show where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "e2e/process.h"
#include "export/onnx_file.h"

namespace nibble {
namespace {

const std::string kModel = NIBBLE_SOURCE_DIR "/assets/yolov10n.pt";

constexpr const char* kWeights =
    "weights: {bits: 4, granularity: channel, scale_search: max, rounding: nearest, restore_gain: false}\n"
    "bias_correction: false\n";

class ExportedBytes : public testing::Test {
 protected:
  void run(const std::vector<std::string>& arguments) {
    const auto outcome = run_nibble(arguments, folder_);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  void quantize(const std::string& name, const std::string& activations, const std::string& dialect) {
    write_file(folder_ / (name + ".yaml"), "name: " + name + "\n" + kWeights + "activations: {bits: " + activations + "}\n");
    run({"quantize", kModel, "-o", ".", "--recipe", name + ".yaml", "--threads", "1", "--calib-images", "1", "--imgsz", "64", "--dialect",
         dialect});
  }
  std::string hash(const std::string& file) { return sha256_of_file(folder_ / file); }
  std::filesystem::path folder_ = scratch_folder();
};

TEST_F(ExportedBytes, FloatFiles) {
  run({"export", kModel, "-o", "f32.onnx"});
  run({"export", kModel, "-o", "f16.onnx", "--half"});
  EXPECT_EQ(hash("f32.onnx"), "3a759664fa6fa8eb7c8af564eec7570a0881e7fa16c81841487110269b9e4def");
  EXPECT_EQ(hash("f16.onnx"), "ae294b259f7596aa68f297dff96b77af03919423ea0884321c7ba98c37a3b52b");
}

TEST_F(ExportedBytes, EveryDialectOfFourBitWeights) {
  quantize("fixed", "0", "all");
  EXPECT_EQ(hash("yolov10n-fixed-qcdq-ptq.onnx"), "238416ac3fffaa53232179407daa8e8cbcf0c100a1440b67819f72deb165d88e");
  EXPECT_EQ(hash("yolov10n-fixed-qcdq-ptq-opt.onnx"), "9402c7732c7ce4dd49eecf48f2af30b64dad2818114a0ae6989dfadaa3c34d80");
  EXPECT_EQ(hash("yolov10n-fixed-qcdq-ptq-fp16.onnx"), "c777b45bcec81f91ba7f3c3f15b5eac5ceb33854fcc6ad47c0ccf2462c325214");
  EXPECT_EQ(hash("yolov10n-fixed-int4-ptq.onnx"), "dd56a160b48d590489fdfc7995b2957c692574e9c3817b4cca19c7838c6a8c51");
  EXPECT_EQ(hash("yolov10n-fixed-int4-ptq-fp16.onnx"), "537bc23be903ee351d1eafb0d7ce227d1f9b50d32a7bddc5ba8ba075f729a802");
}

TEST_F(ExportedBytes, CodesOfFourBitWeightsBesideQuantisedActivations) {
  quantize("fixed8", "8", "qcdq");
  std::string codes;
  const auto model = read_onnx(folder_ / "yolov10n-fixed8-qcdq-ptq.onnx");
  for (const auto& tensor : model.graph().initializer())
    if (tensor.name().ends_with("weight_codes")) codes += tensor.raw_data();
  EXPECT_EQ(codes.size(), 2290272U) << "all quantised weights";
  EXPECT_EQ(sha256_of(std::as_bytes(std::span(codes))), "724b7206e660da9cfeafe7746471da0a9f103fabab197063ecbb6dede5f1e766");
}

}  // namespace
}  // namespace nibble

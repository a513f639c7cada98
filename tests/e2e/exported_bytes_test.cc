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
  EXPECT_EQ(hash("f32.onnx"), "3960980478a09ec3fcaa6fb100dfa513b5ff8b0265375f79f9d964c0fb210eb6");
  EXPECT_EQ(hash("f16.onnx"), "fb48eca362e188d97cdc98ffa01accd40c9e2619a17ac18eac05ff215d2b8863");
}

TEST_F(ExportedBytes, EveryDialectOfFourBitWeights) {
  quantize("fixed", "0", "all");
  EXPECT_EQ(hash("yolov10n-fixed-qcdq-ptq.onnx"), "592e526f34461ad3554d4c41736df3166ba5877f2ccf9b23c1bcac755eee1923");
  EXPECT_EQ(hash("yolov10n-fixed-qcdq-ptq-opt.onnx"), "49dfb2bb45e6c33708ec2d3d068deaaafc7519011f0d87643c69b7e3e50ac90f");
  EXPECT_EQ(hash("yolov10n-fixed-qcdq-ptq-fp16.onnx"), "19a1d44d3a414dff5e15980a6bbca5dc36728886e4d5ea7352c953ba083857a8");
  EXPECT_EQ(hash("yolov10n-fixed-int4-ptq.onnx"), "6185b2762e9db10f8cfebf465e218ad332cb9d90d23b91e6e1981c7b1925d933");
  EXPECT_EQ(hash("yolov10n-fixed-int4-ptq-fp16.onnx"), "3516530e0291d4f6124c306f54c60b1968e5fb1450adf8b1b4de83893bdf593f");
}

TEST_F(ExportedBytes, CodesOfFourBitWeightsBesideQuantisedActivations) {
  quantize("fixed8", "8", "qcdq");
  std::string codes;
  const auto model = read_onnx(folder_ / "yolov10n-fixed8-qcdq-ptq.onnx");
  for (const auto& tensor : model.graph().initializer())
    if (tensor.name().ends_with("weight_codes")) codes += tensor.raw_data();
  EXPECT_EQ(codes.size(), 2290272U) << "all quantised weights";
  EXPECT_EQ(sha256_of(std::as_bytes(std::span(codes))), "c1be73adb354252cada08037bb16f980bbb987aa9c21e994b9f9430ff055f302");
}

}  // namespace
}  // namespace nibble

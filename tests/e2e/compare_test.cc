// SPDX-License-Identifier: Apache-2.0
// `nibble compare` on the embedded model, small settings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"

namespace nibble {
namespace {
using testing::HasSubstr;
using testing::Not;

const std::string kModel = NIBBLE_SOURCE_DIR "/assets/yolov10n.pt";
const std::string kImages = NIBBLE_SOURCE_DIR "/assets/coco/val2017";

class Compare : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(nibble({"export", kModel, "-o", "float.onnx", "--imgsz", "320"}).exit_code, 0); }
  Outcome nibble(const std::vector<std::string>& arguments) { return run_nibble(arguments, folder_); }
  /// Two layers of model.1 and model.23 at 2 bits, the plain way: bad on purpose.
  void quantize() {
    write_file(folder_ / "bad.yaml",
               "name: bad\nweights: {bits: 2, rounding: nearest, scale_search: max, restore_gain: false}\n"
               "calibration: {images: 2, batch: 2}\nbias_correction: false\n"
               "rules:\n  - {match: model.1.conv}\n  - {match: model.23.cv2.0.0.conv}\n  - {match: '*', keep_float: true}\n");
    ASSERT_EQ(nibble({"quantize", kModel, "-o", ".", "--recipe", "bad.yaml", "--imgsz", "320", "--dialect", "int4"}).exit_code, 0);
  }
  std::filesystem::path folder_ = scratch_folder();
};

TEST_F(Compare, NamesTheLayersThatWereDamagedAndCostsAddUp) {
  quantize();
  const auto outcome =
      nibble({"compare", "float.onnx", "yolov10n-bad-int4-ptq.onnx", "--max-images", "6", "--layer-images", "2", "--json", "c.json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const auto* part : {"LAYERS", "PARTS", "DETECTIONS", "WHAT WOULD HELP", "lost by: location"})
    EXPECT_THAT(outcome.out, HasSubstr(part));
  const auto json = read_json(folder_ / "c.json");
  EXPECT_EQ(json["tensors"]["first_different"], "model.1.conv");
  EXPECT_EQ(json["tensors"]["matched_by"], "name");
  EXPECT_EQ(json["parts"]["parts"].size(), 2U) << "only what is quantised is tried";
  EXPECT_EQ(json["parts"]["parts"][0]["part"], "model.1") << "everything comes after it";
  EXPECT_EQ(json["count"], 6);
  double costs = 0;
  for (const auto& change : json["detections"]["map"]["changes"]) costs += change["cost"]["mAP_50_95"].get<double>();
  const double loss = json["detections"]["map"]["a"]["mAP_50_95"].get<double>() - json["detections"]["map"]["b"]["mAP_50_95"].get<double>();
  EXPECT_NEAR(costs, loss, 1e-9);
  EXPECT_GT(loss, 0.02);
}

TEST_F(Compare, NeedsNoAnnotations) {
  quantize();
  const auto outcome = nibble({"compare", "float.onnx", "yolov10n-bad-int4-ptq.onnx", "--images", kImages, "--max-images", "3",
                               "--layer-images", "0", "--json", "c.json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("what A sees is in B"));
  EXPECT_THAT(outcome.out, HasSubstr("agreement: mAP 50-95 of B, with what A sees as labels: 0."));
  EXPECT_THAT(outcome.out, Not(HasSubstr("LAYERS")));
  const auto json = read_json(folder_ / "c.json");
  EXPECT_EQ(json["annotations"], nullptr);
  EXPECT_EQ(json["detections"]["map"], nullptr);
  EXPECT_GT(json["detections"]["against_a"]["objects"]["all"], 0);
  EXPECT_GT(json["detections"]["agreement"]["mAP_50_95"], 0.05);
  EXPECT_LT(json["detections"]["agreement"]["mAP_50_95"], 0.95) << "two layers have 2 bits";
}

TEST_F(Compare, AFileAgreesWithItself) {
  const auto outcome = nibble({"compare", "float.onnx", "float.onnx", "--max-images", "3", "--layer-images", "1"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("all equal, bit for bit"));
  EXPECT_THAT(outcome.out, HasSubstr("with what A sees as labels: 1.0000 (50: 1.0000;"));
  EXPECT_THAT(outcome.out, HasSubstr("1. nothing: on these images B sees what A sees"));
}

/// Both files look at the image, and so do the layers.
TEST_F(Compare, WarnsOfAnImageOnce) {
  std::filesystem::create_directory(folder_ / "images");
  const auto whole = read_file(kImages + "/000000000139.jpg");
  write_file(folder_ / "images/cut.jpg", whole.substr(0, whole.size() - 2));
  const auto outcome = nibble({"compare", "float.onnx", "float.onnx", "--images", "images", "--layer-images", "1"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto lines = lines_of(outcome.err);
  EXPECT_EQ(
      std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.find("cut.jpg: JPEG without") != std::string::npos; }),
      1)
      << outcome.err;
}

TEST_F(Compare, HeadsAndSizesMayDifferAndHalfPrecisionIsANote) {
  ASSERT_EQ(nibble({"export", kModel, "-o", "other.onnx", "--imgsz", "352", "--head", "one2one"}).exit_code, 0);
  const auto outcome = nibble({"compare", "float.onnx", "other.onnx", "--max-images", "2"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("note: layers: not compared: A takes 1 images of 320 x 320 px, B 1 of 352 x 352 px"));
  ASSERT_EQ(nibble({"export", kModel, "-o", "half.onnx", "--imgsz", "320", "--half"}).exit_code, 0);
  const auto half = nibble({"compare", "float.onnx", "half.onnx", "--max-images", "2", "--layer-images", "1"});
  EXPECT_EQ(half.exit_code, 0) << half.err;
  EXPECT_THAT(half.out, HasSubstr("computes in float16"));
}

TEST_F(Compare, RefusesWhatMakesNoSense) {
  const auto onto = nibble({"compare", "float.onnx", "float.onnx", "--json", "float.onnx"});
  EXPECT_EQ(onto.exit_code, 2);
  EXPECT_EQ(nibble({"compare", "float.onnx", "absent.onnx"}).exit_code, 3);
  EXPECT_EQ(nibble({"compare", "float.onnx"}).exit_code, 2);
  write_file(folder_ / "ids.txt", "1\n");
  EXPECT_EQ(nibble({"compare", "float.onnx", "float.onnx", "--images", kImages, "--image-ids-list", "ids.txt"}).exit_code, 2);
}

TEST_F(Compare, DoctorLooksAtCalibrationImages) {
  std::filesystem::create_directory(folder_ / "calib");
  for (const auto* name : {"000000000139.jpg", "000000000285.jpg", "000000000632.jpg"})
    std::filesystem::copy_file(kImages + "/" + name, folder_ / "calib" / (std::string("my-") + name));
  const auto outcome = nibble({"doctor", "--calib", "calib", "--images", kImages, "--model", "float.onnx"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("3 calibration images show what is also scored"));
  EXPECT_THAT(outcome.out, HasSubstr("my-000000000139.jpg = 000000000139.jpg"));
  EXPECT_THAT(outcome.out, HasSubstr("HOW MANY ARE ENOUGH"));
  EXPECT_EQ(nibble({"doctor", "--images", kImages}).exit_code, 2) << "scored images of what?";
}

}  // namespace
}  // namespace nibble

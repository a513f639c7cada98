// SPDX-License-Identifier: Apache-2.0
// `nibble compare` of models of other tasks than detection: small checkpoints with random weights (tests/golden/tasks).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kTasks = fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/tasks";

class CompareTasks : public testing::Test {
 protected:
  CompareTasks() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(fs::path(NIBBLE_SOURCE_DIR) / "assets/coco/val2017")) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    fs::create_directories(folder_ / "images");
    for (std::size_t i = 0; i < 3; ++i) fs::copy_file(files.at(i), folder_ / "images" / files[i].filename());
  }
  Outcome nibble(const std::vector<std::string>& arguments) const { return run_nibble(arguments, folder_); }
  /// float.onnx and bad.onnx, of 3 bits.
  void make_files(const std::string& name) const {
    const auto checkpoint = (kTasks / (name + ".pt")).string();
    ASSERT_EQ(nibble({"export", checkpoint, "-o", "float.onnx", "--imgsz", "64"}).exit_code, 0);
    write_file(folder_ / "bad.yaml",
               "name: bad\nweights: {bits: 3, rounding: nearest, scale_search: max}\nbias_correction: false\ncalibration: {images: 1}\n");
    const auto made = nibble({"quantize", checkpoint, "-o", ".", "--recipe", "bad.yaml", "--imgsz", "64", "--calib", "images", "--dialect",
                              "int4", "--threads", "1"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    fs::rename(folder_ / (name + "-bad-int4-ptq.onnx"), folder_ / "bad.onnx");
  }
  Json compare(const std::string& b, const std::string& shown) const {
    const auto outcome =
        nibble({"compare", "float.onnx", b, "--images", "images", "--layer-images", "1", "--json", "c.json", "--threads", "1"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr(shown));
    EXPECT_THAT(outcome.out, HasSubstr("LAYERS"));
    return read_json(folder_ / "c.json");
  }
  const fs::path folder_ = scratch_folder();
};

TEST_F(CompareTasks, MasksByTheirOverlap) {
  make_files("yolov8-seg");
  const auto same = compare("float.onnx", "MASKS of the objects that both files see");
  EXPECT_EQ(same["task"], "segment");
  EXPECT_GT(same["task_drift"]["masks"]["pairs"], 0);
  EXPECT_EQ(same["task_drift"]["masks"]["pairs"], same["task_drift"]["masks"]["objects"]);
  EXPECT_NEAR(same["task_drift"]["masks"]["mean_iou"].get<double>(), 1, 1e-12);
  const auto other = compare("bad.onnx", "overlap of the masks");
  EXPECT_LT(other["task_drift"]["masks"]["mean_iou"].get<double>(), 1);
  EXPECT_FALSE(other["parts"].is_null());
}

TEST_F(CompareTasks, KeypointsByTheirDistance) {
  make_files("yolov8-pose");
  const auto same = compare("float.onnx", "keypoints moved by            0.00 px");
  EXPECT_GT(same["task_drift"]["keypoints"]["pairs"], 0);
  EXPECT_EQ(same["task_drift"]["keypoints"]["mean_px"], 0);
  EXPECT_NEAR(same["task_drift"]["keypoints"]["mean_similarity"].get<double>(), 1, 1e-12);
  const auto other = compare("bad.onnx", "keypoint similarity")["task_drift"]["keypoints"];
  EXPECT_GT(other["mean_px"], 0);
  EXPECT_LT(other["mean_similarity"], 1);
}

TEST_F(CompareTasks, OrientedBoxesByTheirAngle) {
  make_files("yolov8-obb");
  const auto same = compare("float.onnx", "boxes are turned by           0.00 degrees");
  EXPECT_GT(same["task_drift"]["angles"]["pairs"], 0);
  EXPECT_EQ(same["task_drift"]["angles"]["mean_degrees"], 0);
  EXPECT_GT(same["detections"]["agreement"]["mAP_50"], 0.99);
  const auto other = compare("bad.onnx", "by the upright boxes around the turned ones")["task_drift"]["angles"];
  EXPECT_GT(other["mean_degrees"], 0);
  EXPECT_LE(other["mean_degrees"], 90);
}

/// The numbers follow from the probabilities that predict writes.
TEST_F(CompareTasks, ClassifiersByTheirBestClass) {
  make_files("yolov8-cls");
  const auto same = compare("float.onnx", "same best class               3 of 3 images (100.0 %)");
  EXPECT_TRUE(same["detections"].is_null());
  EXPECT_EQ(same["a"]["head"], "classes");
  const auto classes = compare("bad.onnx", "probability of A's best class")["task_drift"]["classes"];
  const auto probabilities = [&](const char* file) {
    EXPECT_EQ(nibble({"predict", file, "--source", "images", "-o", "seen", "--save-json", "--threads", "1"}).exit_code, 0);
    return read_json(folder_ / "seen/predictions.json");
  };
  const auto a = probabilities("float.onnx"), b = probabilities("bad.onnx");
  double change = 0;
  std::int64_t equal = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto best = a[i]["top_5"][0]["class_index"].get<std::size_t>();
    change += std::abs(b[i]["probabilities"][best].get<double>() - a[i]["probabilities"][best].get<double>()) / 3;
    equal += b[i]["top_5"][0]["class_index"] == best;
  }
  EXPECT_EQ(classes["images"], 3);
  EXPECT_EQ(classes["same_top_1"], equal);
  EXPECT_EQ(static_cast<std::int64_t>(classes["changed"].size()), 3 - equal);
  EXPECT_NEAR(classes["mean_change"].get<double>(), change, 2e-6);
  EXPECT_GT(change, 0);
}

TEST_F(CompareTasks, RefusesTwoTasksAndLabelsOfClasses) {
  for (const char* name : {"yolov8-cls", "yolov8-obb"})
    ASSERT_EQ(
        nibble({"export", (kTasks / (std::string(name) + ".pt")).string(), "-o", std::string(name) + ".onnx", "--imgsz", "64"}).exit_code,
        0);
  const auto tasks = nibble({"compare", "yolov8-cls.onnx", "yolov8-obb.onnx", "--images", "images"});
  EXPECT_EQ(tasks.exit_code, 3);
  EXPECT_THAT(tasks.err, HasSubstr("yolov8-cls.onnx has the task 'classify', yolov8-obb.onnx has 'obb'; compare two files of one model"));
  const auto labels = nibble({"compare", "yolov8-cls.onnx", "yolov8-cls.onnx", "--images", NIBBLE_SOURCE_DIR "/assets/coco/val2017",
                              "--annotations", NIBBLE_SOURCE_DIR "/assets/coco/instances_val2017_32.json"});
  EXPECT_EQ(labels.exit_code, 2);
  EXPECT_THAT(labels.err, HasSubstr("classifiers are compared on images alone"));
  const auto embedded = nibble({"compare", "yolov8-cls.onnx", "yolov8-cls.onnx", "--max-images", "2", "--layer-images", "0"});
  EXPECT_EQ(embedded.exit_code, 0) << embedded.err;
  EXPECT_THAT(embedded.out, HasSubstr("1. nothing: on these images B sees what A sees\n     every image has the same best class"));
}

}  // namespace
}  // namespace nibble

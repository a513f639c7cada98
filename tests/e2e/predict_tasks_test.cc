// SPDX-License-Identifier: Apache-2.0
// `nibble predict` with models of other tasks than detection, against what Ultralytics' predict says of the same picture with the same
// checkpoints (tests/golden/predict, made by tests/oracle/predict_tasks.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "base/files.h"
#include "base/json.h"
#include "data/run_lengths.h"
#include "e2e/process.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

const fs::path kGolden = fs::path(NIBBLE_SOURCE_DIR) / "tests/golden";
constexpr double kWidth = 90, kHeight = 61, kPlace = 0.05, kScore = 1e-4;
using Numbers = std::vector<double>;

const Json& cases() {
  static const Json all = read_json(kGolden / "predict/cases.json");
  return all;
}

Numbers numbers_in(const std::string& line) {
  std::istringstream text(line);
  Numbers numbers;
  for (double number = 0; text >> number;) numbers.push_back(number);
  return numbers;
}

Numbers in_pixels(const Numbers& shares, std::size_t first, std::size_t count) {
  Numbers places;
  for (std::size_t i = 0; i < count; ++i) places.push_back(shares.at(first + i) * (i % 2 == 0 ? kWidth : kHeight));
  return places;
}

void expect_near(const Numbers& found, const Json& wanted, double tolerance) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], wanted[i].get<double>(), tolerance) << "number " << i;
}

RunLengths filled(const Numbers& outline_px) {
  return runs_of_polygon(outline_px, static_cast<std::int64_t>(kHeight), static_cast<std::int64_t>(kWidth));
}

class PredictTasks : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    ASSERT_EQ(run_nibble({"export", (kGolden / "tasks" / (name() + ".pt")).string(), "-o", "float.onnx", "--imgsz", "64", "--head",
                          wanted()["branch"].get<std::string>()},
                         folder_)
                  .exit_code,
              0);
  }
  static const Json& wanted() { return cases().at(GetParam()); }
  static std::string name() { return wanted()["checkpoint"].get<std::string>(); }
  static bool is(const char* ending) { return name().ends_with(ending); }
  Outcome predict(std::vector<std::string> more) const {
    std::vector<std::string> arguments{"predict", "float.onnx", "--source", (kGolden / "predict/picture.png").string(), "--threads", "1"};
    arguments.insert(arguments.end(), {"--conf", std::to_string(wanted()["conf"].get<double>())});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_nibble(arguments, folder_);
  }
  std::vector<std::string> label_lines(const std::string& folder) const {
    const auto file = folder_ / folder / "labels/picture.txt";
    return fs::exists(file) ? lines_of(read_file(file)) : std::vector<std::string>{};
  }
  const fs::path folder_ = scratch_folder();
};

/// Objects come best first in both; of equal confidences either may be first, which these pictures do not have.
TEST_P(PredictTasks, SaysWhatUltralyticsSays) {
  const auto outcome = predict({"-o", "seen", "--save-txt", "--save-conf", "--save-json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(read_file(folder_ / "seen/picture.jpg"), StartsWith("\xFF\xD8"));
  const auto lines = label_lines("seen");
  const auto json = read_json(folder_ / "seen/predictions.json");
  if (is("cls")) {
    EXPECT_EQ(lines, wanted()["label"].get<std::vector<std::string>>());
    ASSERT_EQ(json.size(), 1U);
    EXPECT_EQ(json[0]["file_name"], "picture.png");
    expect_near(json[0]["probabilities"].get<Numbers>(), wanted()["probabilities"], kScore);
    EXPECT_THAT(outcome.out, HasSubstr(json[0]["top_5"][0]["name"].get<std::string>() + " 0."));
    return;
  }
  const auto& objects = wanted()["objects"];
  ASSERT_EQ(json.size(), objects.size());
  ASSERT_EQ(lines.size(), objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    SCOPED_TRACE("object " + std::to_string(i));
    const auto& object = objects[i];
    const auto label = numbers_in(lines[i]);
    EXPECT_EQ(label.front(), object["class"]);
    EXPECT_NEAR(label.back(), object["confidence"].get<double>(), kScore);
    EXPECT_NEAR(json[i]["score"].get<double>(), object["confidence"].get<double>(), kScore);
    EXPECT_EQ(json[i]["category_id"], object["class"].get<std::int64_t>() + 1);
    if (object.contains("corners")) {
      ASSERT_EQ(label.size(), 10U);
      expect_near(in_pixels(label, 1, 8), object["corners"], kPlace);
      expect_near(json[i]["poly"].get<Numbers>(), object["corners"], kPlace);
      EXPECT_FALSE(json[i].contains("bbox"));
      continue;
    }
    const auto box = object["box"].get<Numbers>();
    if (const bool is_a_box = box[2] >= box[0] && box[3] >= box[1]; is_a_box)  // heads of random weights give others
      expect_near(json[i]["bbox"].get<Numbers>(), Json{box[0], box[1], box[2] - box[0], box[3] - box[1]}, kPlace);
    if (object.contains("keypoints")) {
      const auto points = object["keypoints"].get<Numbers>();
      const std::size_t values = is("yolo11-pose") ? 2 : 3;
      const auto in_json = json[i]["keypoints"].get<Numbers>();
      ASSERT_EQ(label.size(), 6 + points.size());
      ASSERT_EQ(in_json.size(), points.size() / values * 3);
      for (std::size_t k = 0; k < points.size() / values; ++k) {
        for (std::size_t axis = 0; axis < 2; ++axis) {
          EXPECT_NEAR(in_json[3 * k + axis], points[values * k + axis], kPlace) << k;
          EXPECT_NEAR(label[5 + values * k + axis] * (axis == 0 ? kWidth : kHeight), points[values * k + axis], kPlace) << k;
        }
        EXPECT_NEAR(in_json[3 * k + 2], values == 3 ? points[3 * k + 2] : 1, kScore) << k;
      }
    }
    if (object.contains("outline")) {
      const auto outline = object["outline"].get<Numbers>();
      const auto found = in_pixels(label, 1, label.size() - 2);
      const auto mask = runs_of_text(json[i]["segmentation"]["counts"].get<std::string>(), 61, 90);
      EXPECT_EQ(json[i]["segmentation"]["size"], (Json{61, 90}));
      if (area_of(filled(outline)) == 0) continue;
      EXPECT_GT(overlap_of(filled(found), filled(outline), false), 0.99);
      EXPECT_GT(area_of(mask), 0);
    }
  }
}

/// The confidence is not written where it is not asked for; a classifier's is its label.
TEST_P(PredictTasks, LabelsWithoutConfidence) {
  ASSERT_EQ(predict({"-o", "with", "--save-conf"}).exit_code, 0);
  ASSERT_EQ(predict({"-o", "without", "--save-txt"}).exit_code, 0);
  const auto with = label_lines("with"), without = label_lines("without");
  ASSERT_EQ(with.size(), without.size());
  for (std::size_t i = 0; i < with.size(); ++i) {
    if (is("cls"))
      EXPECT_EQ(with[i], without[i]);
    else
      EXPECT_EQ(with[i].substr(0, with[i].rfind(' ')), without[i]);
  }
}

TEST_P(PredictTasks, TwoFilesSideBySide) {
  const auto outcome = predict({"-o", "same", "--against", "float.onnx"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  if (const bool has_boxes_without_area = is("yolo26-pose"); !has_boxes_without_area) {  // which overlap nothing, themselves included
    EXPECT_THAT(outcome.out, HasSubstr(is("cls") ? "the same class as the baseline everywhere" : "the same as the baseline"));
  }
  const auto other = (kGolden / "tasks" / (is("cls") ? "yolov8-seg.pt" : "yolov8-cls.pt")).string();
  ASSERT_EQ(run_nibble({"export", other, "-o", "other.onnx", "--imgsz", "64"}, folder_).exit_code, 0);
  const auto refused = predict({"-o", "other", "--against", "other.onnx"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("show two files of one model"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, PredictTasks, testing::Range(std::size_t{0}, cases().size()), [](const auto& each) {
  const auto& one = cases().at(each.param);
  std::string name = one["checkpoint"].template get<std::string>() + "_" + one["branch"].template get<std::string>();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace nibble

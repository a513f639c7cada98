// SPDX-License-Identifier: Apache-2.0
// The golden cases are pycocotools' answers (tests/golden/keypoint_map, made by tests/oracle/keypoint_map.py).
#include "eval/keypoint_map.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/files.h"
#include "base/json.h"
#include "support/scratch.h"

namespace nibble {
namespace {

constexpr double kTolerance = 1e-9;

struct PoseScenario {
  CocoDataset set;
  std::vector<Pose> poses;
  std::vector<Detection> detections;
  std::vector<std::vector<Keypoint>> keypoints;
  Resampled<KeypointMetrics> score(std::int64_t count, std::int64_t resamples) const {
    return evaluate_keypoints(set, poses, detections, keypoints, keypoint_constants(count), {.resamples = resamples});
  }
};

void read_truth(PoseScenario& scenario, const std::filesystem::path& path, std::int64_t count) {
  const auto reader = keypoint_reader(scenario.poses, count);
  scenario.set = read_coco(path, OnBadData::stop, &reader);
}

void take_results(PoseScenario& scenario, const Json& results) {
  for (const auto& result : results) {
    Detection detection{result["image_id"], result["category_id"], result["score"], {}};
    for (std::size_t i = 0; i < 4; ++i) detection.box_xywh_px[i] = result["bbox"][i];
    scenario.detections.push_back(detection);
    auto& keypoints = scenario.keypoints.emplace_back();
    const auto& points = result["keypoints"];
    for (std::size_t i = 0; i < points.size(); i += 3) keypoints.push_back({points[i], points[i + 1], points[i + 2]});
  }
}

class KeypointMapGolden : public test::Scratch {};

TEST_F(KeypointMapGolden, EqualsPycocotools) {
  const auto cases = read_json(NIBBLE_SOURCE_DIR "/tests/golden/keypoint_map/cases.json")["cases"];
  ASSERT_EQ(cases.size(), 10U);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto& each = cases[i];
    const auto path = folder() / "truth.json";
    write_file(path, each["ground_truth"].dump());
    PoseScenario scenario;
    read_truth(scenario, path, each["keypoints"]);
    take_results(scenario, each["results"]);
    const auto m = scenario.score(each["keypoints"], 0).metrics;
    const std::array<double, 10> found{m.ap_50_95, m.ap_50, m.ap_75, m.ap_medium, m.ap_large,
                                       m.ar_50_95, m.ar_50, m.ar_75, m.ar_medium, m.ar_large};
    for (std::size_t k = 0; k < found.size(); ++k)
      EXPECT_NEAR(found[k], each["stats"][k].get<double>(), kTolerance) << i << ", number " << k;
    EXPECT_EQ(m.num_images, static_cast<std::int64_t>(scenario.set.images.size()));
  }
}

/// Intervals hold the number itself and have some width where images differ; the changes against the same detections are 0.
TEST_F(KeypointMapGolden, HasIntervalsOfTheSameNumbers) {
  const auto each = read_json(NIBBLE_SOURCE_DIR "/tests/golden/keypoint_map/cases.json")["cases"][0];
  const auto path = folder() / "truth.json";
  write_file(path, each["ground_truth"].dump());
  PoseScenario scenario;
  read_truth(scenario, path, each["keypoints"]);
  take_results(scenario, each["results"]);
  auto score = scenario.score(each["keypoints"], 200);
  ASSERT_EQ(score.samples.size(), 200U);
  for (const auto& [name, value] : named_numbers(score.metrics)) {
    if (value < 0) continue;
    ASSERT_TRUE(score.metrics.intervals.contains(name)) << name;
    const auto& interval = score.metrics.intervals.at(name);
    EXPECT_GE(interval.high, interval.low) << name;
    EXPECT_LE(interval.low, value + 0.1) << name;
    EXPECT_GE(interval.high, value - 0.1) << name;
  }
  measure_changes(score, scenario.score(each["keypoints"], 200));
  EXPECT_EQ(score.metrics.changes.at("AP_50_95").difference, 0);
  EXPECT_EQ(score.metrics.changes.at("AR_75").interval->high, 0);
}

/// One keypoint of a person, one standard deviation away: exp(-1/2).
TEST(KeypointSimilarity, FallsByTheSizeOfTheObject) {
  CocoAnnotation truth;
  truth.area_px2 = 100;
  truth.box_xywh_px = {0, 0, 10, 10};
  std::vector<Keypoint> wanted = {{5, 5, 2}};
  const std::vector<Keypoint> found = {{5, 5 + 10 * 2 * 0.5, 1}};
  EXPECT_NEAR(keypoint_similarity(truth, wanted, found, {0.5}), std::exp(-0.5), 1e-12);
  wanted[0].visibility = 0;
  EXPECT_NEAR(keypoint_similarity(truth, wanted, found, {0.5}), 1, 1e-12) << "inside three times the box";
  test::expect_error(ErrorKind::input, {"1 keypoints were found, 1 are annotated, and 2 are expected"}, [&] {
    keypoint_similarity(truth, wanted, found, {0.5, 0.5});
  });
}

TEST(EvaluateKeypoints, RefusesDetectionsOfOtherImages) {
  PoseScenario scenario;
  scenario.set.images = {{1, "1.jpg"}};
  scenario.set.categories = {{1, "person"}};
  scenario.detections = {{7, 1, 0.5, {}}};
  scenario.keypoints = {{}};
  test::expect_error(ErrorKind::input, {"image 7 is not in the data set"}, [&] { scenario.score(1, 0); });
}

class ReadPoseDataset : public test::Scratch {
 protected:
  PoseScenario read(const std::string& annotations, std::int64_t count = 1) {
    const auto path =
        file("a.json", R"({"images": [{"id": 2, "file_name": "2.jpg"}, {"id": 1, "file_name": "1.jpg"}], "categories": [{"id": 1,
      "name": "person"}], "annotations": [)" +
                           annotations + "]}");
    PoseScenario scenario;
    read_truth(scenario, path, count);
    return scenario;
  }
};

/// Behind class and box: two or three numbers of each keypoint, in fractions of the image.
TEST(KeypointLabels, AreReadWithAndWithoutVisibility) {
  std::vector<Pose> poses;
  const auto reader = keypoint_reader(poses, 2);
  EXPECT_TRUE(reader.label_starts_with_box);
  const CocoImage image{1, "1.jpg", 200, 100};
  reader.from_label({0, 0.5, 0.5, 0.2, 0.2, 0.25, 0.5, 2, 0, 0, 0}, image, 1);
  reader.from_label({0, 0.5, 0.5, 0.2, 0.2, 0.25, 0.5, -1, 0.5}, image, 0);
  ASSERT_EQ(poses.size(), 2U);
  EXPECT_EQ(poses[1].annotated, 1);
  EXPECT_EQ(poses[1].keypoints[0].x_px, 50);
  EXPECT_EQ(poses[1].keypoints[0].y_px, 50);
  EXPECT_EQ(poses[1].keypoints[0].visibility, 2);
  EXPECT_EQ(poses[0].annotated, 1) << "a negative number is none";
  EXPECT_EQ(poses[0].keypoints[1].visibility, 0);
  test::expect_error(ErrorKind::input, {"2 keypoints of 2 or 3 numbers, found 5 numbers"}, [&] {
    reader.from_label({0, 0.5, 0.5, 0.2, 0.2}, image, 2);
  });
}

TEST_F(ReadPoseDataset, CountsWhatTheFileLeavesOut) {
  const auto set = read(R"({"image_id": 1, "category_id": 1, "bbox": [0, 0, 4, 5], "keypoints": [1, 2, 2]})");
  EXPECT_EQ(set.poses.at(0).annotated, 1);
  EXPECT_EQ(set.set.annotations.at(0).area_px2, 20);
  EXPECT_EQ(set.set.annotations[0].id, 1);
  EXPECT_EQ(set.set.images.at(0).file_name, "1.jpg");
}

TEST_F(ReadPoseDataset, SaysWhatIsWrong) {
  const auto refuse = [&](const std::string& annotation, const std::string& why) {
    test::expect_error(ErrorKind::input, {why}, [&] { read(annotation); });
  };
  refuse(R"({"image_id": 1, "category_id": 1, "bbox": [0, 0, 4, 5], "keypoints": [1, 2]})", "expected 3 numbers, found 2");
  refuse(R"({"image_id": 9, "category_id": 1, "bbox": [0, 0, 4, 5], "keypoints": [1, 2, 2]})", "annotations[0].image_id");
  refuse(R"({"image_id": 1, "category_id": 1, "bbox": [0, 0, -4, 5], "keypoints": [1, 2, 2]})", "negative size");
  refuse(R"({"image_id": 1, "category_id": 1, "bbox": [0, 0, 4, 5]})", "keypoints");
}

}  // namespace
}  // namespace nibble

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

std::vector<PoseDetection> detections_of(const Json& results) {
  std::vector<PoseDetection> detections;
  for (const auto& result : results) {
    PoseDetection detection{result["image_id"], result["category_id"], result["score"], {}, {}};
    for (std::size_t i = 0; i < 4; ++i) detection.box_xywh_px[i] = result["bbox"][i];
    const auto& points = result["keypoints"];
    for (std::size_t i = 0; i < points.size(); i += 3) detection.keypoints.push_back({points[i], points[i + 1], points[i + 2]});
    detections.push_back(std::move(detection));
  }
  return detections;
}

class KeypointMapGolden : public test::Scratch {};

TEST_F(KeypointMapGolden, EqualsPycocotools) {
  const auto cases = read_json(NIBBLE_SOURCE_DIR "/tests/golden/keypoint_map/cases.json")["cases"];
  ASSERT_EQ(cases.size(), 10U);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto& each = cases[i];
    const auto path = folder() / "truth.json";
    write_file(path, each["ground_truth"].dump());
    const auto truths = read_pose_dataset(path, each["keypoints"]);
    const auto m = evaluate_keypoints(truths, detections_of(each["results"]), keypoint_constants(each["keypoints"]));
    const std::array<double, 10> found{m.ap_50_95, m.ap_50, m.ap_75, m.ap_medium, m.ap_large,
                                       m.ar_50_95, m.ar_50, m.ar_75, m.ar_medium, m.ar_large};
    for (std::size_t k = 0; k < found.size(); ++k)
      EXPECT_NEAR(found[k], each["stats"][k].get<double>(), kTolerance) << i << ", number " << k;
    EXPECT_EQ(m.num_images, static_cast<std::int64_t>(truths.images.size()));
  }
}

/// One keypoint of a person, one standard deviation away: exp(-1/2).
TEST(KeypointSimilarity, FallsByTheSizeOfTheObject) {
  PoseAnnotation truth;
  truth.area_px2 = 100;
  truth.box_xywh_px = {0, 0, 10, 10};
  truth.keypoints = {{5, 5, 2}};
  PoseDetection detection;
  detection.keypoints = {{5, 5 + 10 * 2 * 0.5, 1}};
  EXPECT_NEAR(keypoint_similarity(truth, detection, {0.5}), std::exp(-0.5), 1e-12);
  truth.keypoints[0].visibility = 0;
  EXPECT_NEAR(keypoint_similarity(truth, detection, {0.5}), 1, 1e-12) << "inside three times the box";
  test::expect_error(ErrorKind::internal, {"other numbers"}, [&] { keypoint_similarity(truth, detection, {0.5, 0.5}); });
}

TEST(EvaluateKeypoints, RefusesDetectionsOfOtherImages) {
  PoseDataset truths;
  truths.images = {{1, "1.jpg"}};
  truths.categories = {{1, "person"}};
  test::expect_error(ErrorKind::input, {"image 7 is not in the data set"}, [&] { evaluate_keypoints(truths, {{7, 1, 0.5, {}, {}}}, {}); });
}

class ReadPoseDataset : public test::Scratch {
 protected:
  PoseDataset read(const std::string& annotations, std::int64_t count = 1) {
    const auto path =
        file("a.json", R"({"images": [{"id": 2, "file_name": "2.jpg"}, {"id": 1, "file_name": "1.jpg"}], "categories": [{"id": 1,
      "name": "person"}], "annotations": [)" +
                           annotations + "]}");
    return read_pose_dataset(path, count);
  }
};

TEST_F(ReadPoseDataset, CountsWhatTheFileLeavesOut) {
  const auto set = read(R"({"image_id": 1, "category_id": 1, "bbox": [0, 0, 4, 5], "keypoints": [1, 2, 2]})");
  EXPECT_EQ(set.annotations.at(0).annotated, 1);
  EXPECT_EQ(set.annotations[0].area_px2, 20);
  EXPECT_EQ(set.annotations[0].id, 1);
  EXPECT_EQ(set.images.at(0).file_name, "1.jpg");
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

// SPDX-License-Identifier: Apache-2.0
#include "eval/precision_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "eval/coco_map.h"

namespace nibble {
namespace {

CocoDataset two_cats() {
  CocoDataset truth;
  truth.images = {{1, "1.jpg", 100, 100}, {2, "2.jpg", 100, 100}};
  truth.categories = {{5, "cat"}, {6, "dog"}};
  truth.annotations = {{1, 1, 5, {0, 0, 50, 50}, 2500}, {2, 2, 5, {0, 0, 50, 50}, 2500}};
  return truth;
}

std::vector<double> curve_of(const CocoDataset& truth, const std::vector<Detection>& detections) {
  return precision_curve_50(truth, {}, {detections, {}, {}, {}}, 1);
}

TEST(PrecisionCurve, FallsWhereTheFirstFalseAlarmStands) {
  // Found, false alarm, found: precision 1 up to a recall of 0.5, then 2 of 3. The class without objects does not count.
  const std::vector<Detection> detections = {
      {1, 5, 0.9, {0, 0, 50, 50}}, {1, 5, 0.8, {60, 60, 20, 20}}, {2, 5, 0.7, {0, 0, 50, 50}}, {1, 6, 0.9, {0, 0, 50, 50}}};
  const auto curve = curve_of(two_cats(), detections);
  ASSERT_EQ(curve.size(), 101U);
  EXPECT_DOUBLE_EQ(curve[0], 1);
  EXPECT_DOUBLE_EQ(curve[50], 1);
  EXPECT_DOUBLE_EQ(curve[51], 2.0 / 3);
  EXPECT_DOUBLE_EQ(curve[100], 2.0 / 3);
}

TEST(PrecisionCurve, IsEmptyWithoutObjectsAndZeroWithoutDetections) {
  CocoDataset nothing = two_cats();
  nothing.annotations.clear();
  EXPECT_TRUE(curve_of(nothing, {{1, 5, 0.9, {0, 0, 50, 50}}}).empty());
  EXPECT_DOUBLE_EQ(curve_of(two_cats(), {}).at(0), 0);
}

TEST(PrecisionCurve, HasMap50AsItsMean) {
  std::mt19937 random(3);
  const auto number = [&](int below) { return static_cast<double>(random() % static_cast<unsigned>(below)); };
  CocoDataset truth;
  truth.categories = {{1, "a"}, {2, "b"}, {3, "c"}};
  std::vector<Detection> detections;
  for (std::int64_t image = 1; image <= 20; ++image) {
    truth.images.push_back({image, std::to_string(image) + ".jpg", 640, 480});
    for (std::int64_t i = 0; i < 6; ++i) {
      const std::array<double, 4> box = {number(500), number(400), 20 + number(100), 20 + number(60)};
      const auto category = 1 + static_cast<std::int64_t>(number(3));
      truth.annotations.push_back({image * 10 + i, image, category, box, box[2] * box[3], i == 5});
      detections.push_back({image, category, 0.01 + number(97) / 100, {box[0] + number(12), box[1] + number(12), box[2], box[3]}});
      detections.push_back({image, 1 + static_cast<std::int64_t>(number(3)), number(60) / 100, {number(500), number(400), 50, 50}});
    }
  }
  const auto curve = curve_of(truth, detections);
  const double mean = std::accumulate(curve.begin(), curve.end(), 0.0) / 101;
  EXPECT_GT(mean, 0.1);
  EXPECT_NEAR(mean, evaluate_coco(truth, detections, 1).map_50, 1e-9);
}

/// Objects of three classes in ten images, each found a little beside itself, and as many false alarms.
struct Scene {
  CocoDataset dataset;
  TaskTruth truth;
  Findings findings;
};
Scene scene_of(Task task) {
  std::mt19937 random(5);
  const auto number = [&](int below) { return static_cast<double>(random() % static_cast<unsigned>(below)); };
  Scene scene;
  scene.dataset.categories = {{1, "a"}, {2, "b"}, {3, "c"}};
  scene.truth.task = task;
  const auto mask_of_box = [](const std::array<double, 4>& b) {
    return runs_of_polygon(std::array{b[0], b[1], b[0] + b[2], b[1], b[0] + b[2], b[1] + b[3], b[0], b[1] + b[3]}, 80, 100);
  };
  const auto turned = [](const std::array<double, 4>& b, double angle) {
    const auto at = [&](std::size_t i) { return static_cast<float>(b[i]); };
    return OrientedBox{at(0) + at(2) / 2, at(1) + at(3) / 2, at(2), at(3), static_cast<float>(angle)};
  };
  const auto add_finding = [&](std::int64_t image, std::int64_t category, double score, const std::array<double, 4>& box) {
    scene.findings.boxes.push_back({image, category, score, box});
    if (task == Task::segment) scene.findings.masks.push_back(mask_of_box(box));
    if (task == Task::pose) scene.findings.keypoints.push_back({{box[0], box[1], 1}, {box[0] + box[2], box[1] + box[3], 1}});
    if (task == Task::obb) scene.findings.oriented.push_back(turned(box, 0.3));
  };
  for (std::int64_t image = 1; image <= 10; ++image) {
    scene.dataset.images.push_back({image, std::to_string(image) + ".jpg", 100, 80});
    for (int i = 0; i < 3; ++i) {
      const std::array<double, 4> box{number(50), number(30), 10 + number(30), 10 + number(30)};
      const auto category = 1 + static_cast<std::int64_t>(number(3));
      const auto entry = scene.dataset.annotations.size();
      scene.dataset.annotations.push_back(
          {static_cast<std::int64_t>(entry) + 1, image, category, box, box[2] * box[3], false, false, entry});
      if (task == Task::segment) scene.truth.masks.push_back(mask_of_box(box));
      if (task == Task::pose) scene.truth.poses.push_back({2, {{box[0], box[1], 2}, {box[0] + box[2], box[1] + box[3], 2}}});
      if (task == Task::obb) scene.truth.oriented.push_back(turned(box, 0.25));
      add_finding(image, category, 0.01 + number(97) / 100, {box[0] + number(9), box[1] + number(9), box[2], box[3]});
      add_finding(image, 1 + static_cast<std::int64_t>(number(3)), number(60) / 100, {number(50), number(30), 20, 20});
    }
  }
  return scene;
}

double curve_mean(const Scene& scene) {
  const auto curve = precision_curve_50(scene.dataset, scene.truth, scene.findings, 1);
  EXPECT_EQ(curve.size(), 101U);
  return std::accumulate(curve.begin(), curve.end(), 0.0) / 101;
}

TEST(PrecisionCurve, IsOfWhatTheTaskIsJudgedBy) {
  const auto numbers = [](const Scene& scene) { return evaluate_task(scene.dataset, scene.truth, scene.findings, {0, 0, 1}); };
  const auto masks = scene_of(Task::segment), poses = scene_of(Task::pose);
  EXPECT_NEAR(curve_mean(masks), numbers(masks).masks->metrics.map_50, 1e-9);
  EXPECT_NEAR(curve_mean(poses), numbers(poses).keypoints->metrics.ap_50, 1e-9);
  EXPECT_GT(std::abs(numbers(poses).keypoints->metrics.ap_50 - numbers(poses).boxes->metrics.map_50), 0.01) << "the boxes' is another";
  const auto oriented = scene_of(Task::obb);
  const auto curve = precision_curve_50(oriented.dataset, oriented.truth, oriented.findings, 1);
  ASSERT_EQ(curve.size(), 101U);
  double area = 0;
  for (std::size_t k = 1; k < curve.size(); ++k) area += (curve[k] + curve[k - 1]) / 200;
  EXPECT_GT(area, 0.1);
  EXPECT_NEAR(area, numbers(oriented).oriented->metrics.map_50, 1e-12);
  EXPECT_TRUE(precision_curve_50({}, {.task = Task::classify, .masks = {}, .poses = {}, .oriented = {}}, {}, 1).empty());
}

}  // namespace
}  // namespace nibble

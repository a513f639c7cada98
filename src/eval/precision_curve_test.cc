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

TEST(PrecisionCurve, FallsWhereTheFirstFalseAlarmStands) {
  // Found, false alarm, found: precision 1 up to a recall of 0.5, then 2 of 3. The class without objects does not count.
  const std::vector<Detection> detections = {
      {1, 5, 0.9, {0, 0, 50, 50}}, {1, 5, 0.8, {60, 60, 20, 20}}, {2, 5, 0.7, {0, 0, 50, 50}}, {1, 6, 0.9, {0, 0, 50, 50}}};
  const auto curve = precision_curve_50(two_cats(), detections);
  ASSERT_EQ(curve.size(), 101U);
  EXPECT_DOUBLE_EQ(curve[0], 1);
  EXPECT_DOUBLE_EQ(curve[50], 1);
  EXPECT_DOUBLE_EQ(curve[51], 2.0 / 3);
  EXPECT_DOUBLE_EQ(curve[100], 2.0 / 3);
}

TEST(PrecisionCurve, IsEmptyWithoutObjectsAndZeroWithoutDetections) {
  EXPECT_TRUE(precision_curve_50({}, {{1, 5, 0.9, {0, 0, 50, 50}}}).empty());
  EXPECT_DOUBLE_EQ(precision_curve_50(two_cats(), {}).at(0), 0);
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
  const auto curve = precision_curve_50(truth, detections);
  const double mean = std::accumulate(curve.begin(), curve.end(), 0.0) / 101;
  EXPECT_GT(mean, 0.1);
  EXPECT_NEAR(mean, evaluate_coco(truth, detections, 1).map_50, 1e-9);
}

}  // namespace
}  // namespace nibble

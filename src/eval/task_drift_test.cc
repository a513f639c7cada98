// SPDX-License-Identifier: Apache-2.0
#include "eval/task_drift.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "data/run_length_text.h"
#include "data/run_lengths.h"

namespace nibble {
namespace {

constexpr double kDegree = std::numbers::pi / 180;

PredictedBox box_at(double x, double y, double width, double height, double confidence = 0.9, std::int64_t class_index = 0) {
  return {class_index, confidence, {x, y, width, height}};
}

/// A mask of whole rows [first, last) of a 10 x 10 image.
std::string rows_of_ten(int first, int last) {
  std::vector<std::uint8_t> pixels(100);
  for (int y = first; y < last; ++y)
    for (int x = 0; x < 10; ++x) pixels[static_cast<std::size_t>(10 * y + x)] = 1;
  return text_of_runs(runs_of_pixels(pixels, 10, 10));
}

TEST(Angles, OfOneRectangleAreEqualHoweverItIsWritten) {
  const TurnedBox flat{0, 0, 20, 10, 0};
  EXPECT_NEAR(degrees_between(flat, {0, 0, 10, 20, 90 * kDegree}), 0, 1e-9) << "sides swapped";
  EXPECT_NEAR(degrees_between(flat, {0, 0, 20, 10, 180 * kDegree}), 0, 1e-9) << "half a turn";
  EXPECT_NEAR(degrees_between(flat, {0, 0, 20, 10, -30 * kDegree}), 30, 1e-9);
  EXPECT_NEAR(degrees_between(flat, {0, 0, 20, 10, 170 * kDegree}), 10, 1e-9) << "the shorter way round";
  EXPECT_NEAR(degrees_between(flat, {0, 0, 10, 20, 0}), 90, 1e-9) << "stands instead of lying";
  EXPECT_NEAR(degrees_between({0, 0, 10, 10.5, 0}, {0, 0, 10.5, 10, 3 * kDegree}), 3, 1e-9) << "nearly a square: no side is the longer one";
}

TEST(Angles, AreMeasuredOverPairs) {
  auto a = box_at(0, 0, 20, 10), b = box_at(1, 0, 20, 10, 0.1), lost = box_at(50, 50, 20, 10);
  a.turned = TurnedBox{10, 5, 20, 10, 0}, b.turned = TurnedBox{11, 5, 20, 10, 8 * kDegree}, lost.turned = TurnedBox{60, 55, 20, 10, 0};
  const auto drift = measure_angles({{"one", {100, 100}, {a, lost}, {b}, {}, {}}});
  EXPECT_EQ(drift.objects, 2);
  EXPECT_EQ(drift.pairs, 1);
  EXPECT_NEAR(drift.mean_degrees, 8, 1e-6);
  EXPECT_NEAR(drift.median_degrees, 8, 1e-6);
  EXPECT_EQ(drift.above_5_share, 1);
  EXPECT_GT(drift.mean_overlap, 0.7);
  EXPECT_LT(drift.mean_overlap, 0.98);
}

TEST(Masks, AreMeasuredOverPairs) {
  auto a = box_at(0, 0, 10, 10), same = a, fewer = box_at(0, 0, 10, 9);
  a.mask = same.mask = rows_of_ten(0, 8);
  fewer.mask = rows_of_ten(4, 8);
  auto other_class = same;
  other_class.class_index = 1;
  const auto drift = measure_masks({{"one", {10, 10}, {a}, {same}, {}, {}},
                                    {"two", {10, 10}, {a}, {fewer}, {}, {}},
                                    {"three", {10, 10}, {a}, {other_class}, {}, {}},
                                    {"four", {10, 10}, {a}, {}, {}, {}}});
  EXPECT_EQ(drift.objects, 4);
  EXPECT_EQ(drift.pairs, 2);
  EXPECT_NEAR(drift.mean_iou, (1 + 0.5) / 2, 1e-12);
  EXPECT_EQ(drift.below_75_share, 0.5);
  EXPECT_EQ(measure_masks({}).mean_iou, 0);
  a.mask = rows_of_ten(0, 0);
  EXPECT_EQ(measure_masks({{"empty", {10, 10}, {a}, {a}, {}, {}}}).mean_iou, 1);
}

TEST(KeypointDistances, AreThoseOfKeypointsThatAIsSureOf) {
  auto a = box_at(0, 0, 20, 5), b = a;
  a.keypoints = {{1, 1, 0.9}, {5, 5, 0.2}, {10, 4, 0.5}, {3, 3, 1}};
  b.keypoints = {{4, 5, 0.1}, {90, 90, 0.9}, {10, 4, 0.9}, {3, 4, 1}};
  const auto drift = measure_keypoints({{"one", {100, 100}, {a}, {b}, {}, {}}});
  EXPECT_EQ(drift.pairs, 1);
  EXPECT_NEAR(drift.mean_px, (5.0 + 0 + 1) / 3, 1e-12);
  EXPECT_NEAR(drift.median_px, 1, 1e-12);
  EXPECT_NEAR(drift.mean_share, 2.0 / 10, 1e-12);
  // Four keypoints: constants of 1/4, so that 2 k = 1/2; the area is 0.53 * 100.
  const auto likeness = [](double squared) { return std::exp(-squared / 0.25 / 53 / 2); };
  EXPECT_NEAR(drift.mean_similarity, (likeness(25) + likeness(0) + likeness(1)) / 3, 1e-12);
  for (auto& keypoint : a.keypoints) keypoint.confidence = 0;
  EXPECT_EQ(measure_keypoints({{"one", {100, 100}, {a}, {b}, {}, {}}}).pairs, 0);
}

TEST(Classes, ThatChangedAreNamedTheSurestFirst) {
  const auto drift = measure_classes({{"same", {}, {}, {}, {0.7, 0.3}, {0.6, 0.4}},
                                      {"weak", {}, {}, {}, {0.45, 0.55}, {0.75, 0.25}},
                                      {"sure", {}, {}, {}, {0.9, 0.1}, {0.4, 0.6}}},
                                     {{0, "cat"}, {1, "dog"}});
  EXPECT_EQ(drift.images, 3);
  EXPECT_EQ(drift.same_top_1, 1);
  EXPECT_NEAR(drift.mean_change, (0.1 + 0.3 + 0.5) / 3, 1e-12);
  ASSERT_EQ(drift.changed.size(), 2U);
  EXPECT_EQ(drift.changed[0].image, "sure");
  EXPECT_EQ(drift.changed[0].a, "cat");
  EXPECT_EQ(drift.changed[0].b, "dog");
  EXPECT_EQ(drift.changed[0].a_probability, 0.9);
  EXPECT_EQ(drift.changed[0].b_probability, 0.6);
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "eval/agreement.h"

#include <gtest/gtest.h>

namespace nibble {
namespace {

constexpr std::int64_t kDog = 1, kCat = 2;
constexpr double kConfidence = 0.3;

Detection at(double x, std::int64_t category, double score) { return {7, category, score, {x, 0, 100, 100}}; }

CocoDataset one_image() {
  CocoDataset data;
  data.images = {{7, "7.jpg", 640, 480}};
  data.categories = {{kDog, "dog"}, {kCat, "cat"}};
  data.annotations = {{1, 7, kDog, {0, 0, 10, 10}, 100, true, false}};
  return data;
}

const std::vector<Detection> kSeen = {at(0, kDog, 0.9), at(200, kDog, 0.5), at(400, kDog, 0.2), at(0, kCat, 0.3)};

TEST(Agreement, LabelsAreWhatIsSure) {
  const auto labelled = label_by_detections(one_image(), kSeen, kConfidence);
  ASSERT_EQ(labelled.annotations.size(), 3U) << "the crowd of the data set is gone, and so is the faint dog";
  EXPECT_EQ(labelled.annotations[2].id, 3);
  EXPECT_EQ(labelled.annotations[2].category_id, kCat);
  EXPECT_EQ(labelled.annotations[1].box_xywh_px[0], 200);
  EXPECT_EQ(labelled.annotations[1].area_px2, 10000);
  EXPECT_EQ(labelled.images.size(), 1U);
}

TEST(Agreement, IsOneWithItself) {
  const auto agreement = measure_agreement(one_image(), kSeen, kSeen, kConfidence);
  EXPECT_DOUBLE_EQ(agreement.map.all, 1);
  EXPECT_DOUBLE_EQ(agreement.map_50, 1);
  EXPECT_DOUBLE_EQ(agreement.map.large, 1);
  EXPECT_EQ(agreement.map.small, -1) << "there is no small object";
}

/// Of two dogs one is missing: precision is 1 up to a recall of 0.5, so 51 of 101 points. The cat has moved by 10 of 100 px: an IoU of
/// 9/11 = 0.82, which counts at 7 of 10 thresholds.
TEST(Agreement, FallsByWhatIsMissedAndWhatMoved) {
  const auto agreement = measure_agreement(one_image(), kSeen, {at(0, kDog, 0.4), at(10, kCat, 0.1)}, kConfidence);
  EXPECT_NEAR(agreement.map_50, (51.0 / 101 + 1) / 2, 1e-12);
  EXPECT_NEAR(agreement.map.all, (51.0 / 101 + 0.7) / 2, 1e-12);
}

TEST(Agreement, OfNothingIsUndefined) { EXPECT_EQ(measure_agreement(one_image(), {}, kSeen, kConfidence).map.all, -1); }

}  // namespace
}  // namespace nibble

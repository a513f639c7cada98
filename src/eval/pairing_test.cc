// SPDX-License-Identifier: Apache-2.0
#include "eval/pairing.h"

#include <gmock/gmock.h>

#include "eval/disagreement.h"

namespace nibble {
namespace {
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kDog = 1, kCat = 2;

Detection at(double x, std::int64_t category, double score, std::int64_t image = 1) { return {image, category, score, {x, 0, 100, 100}}; }

TEST(Pairing, TheSameClassAtTheLargestOverlap) {
  // Overlaps with A's box at 0: 80/120 for the box at 20, 90/110 for the one at 10.
  const auto found = pair_detections({at(0, kDog, 0.9)}, {at(20, kDog, 0.9), at(10, kDog, 0.1)});
  ASSERT_EQ(found.pairs.size(), 1U);
  EXPECT_EQ(found.pairs[0].b, 1U);
  EXPECT_NEAR(found.pairs[0].iou, 90.0 / 110, 1e-12);
  EXPECT_FALSE(found.pairs[0].is_class_change);
  EXPECT_THAT(found.only_a, IsEmpty());
  EXPECT_THAT(found.only_b, ElementsAre(0));
}

TEST(Pairing, ImagesAreKeptApart) {
  const auto found = pair_detections({at(0, kDog, 0.9, 1)}, {at(0, kDog, 0.9, 2)});
  EXPECT_THAT(found.pairs, IsEmpty());
  EXPECT_THAT(found.only_a, ElementsAre(0));
  EXPECT_THAT(found.only_b, ElementsAre(0));
}

TEST(Pairing, AnotherClassNeedsAComparableScore) {
  const auto sure = pair_detections({at(0, kDog, 0.8)}, {at(0, kCat, 0.4)});
  ASSERT_EQ(sure.pairs.size(), 1U);
  EXPECT_TRUE(sure.pairs[0].is_class_change);
  EXPECT_THAT(pair_detections({at(0, kDog, 0.8)}, {at(0, kCat, 0.39)}).pairs, IsEmpty());
}

TEST(Pairing, AMovedBoxNeedsSomeOverlap) {
  // 50 px apart: overlap 50/150; 90 px: 10/190.
  EXPECT_EQ(pair_detections({at(0, kDog, 0.8)}, {at(50, kDog, 0.8)}).pairs.size(), 1U);
  EXPECT_THAT(pair_detections({at(0, kDog, 0.8)}, {at(90, kDog, 0.8)}).pairs, IsEmpty());
}

TEST(Pairing, ExchangedRanksAreAChangeOfClass) {
  const auto changed = pair_detections({at(0, kDog, 0.8), at(0, kCat, 0.1)}, {at(0, kDog, 0.2), at(0, kCat, 0.7)});
  ASSERT_EQ(changed.pairs.size(), 2U);
  EXPECT_TRUE(changed.pairs[0].is_class_change);
  EXPECT_TRUE(changed.pairs[1].is_class_change);
  const auto kept = pair_detections({at(0, kDog, 0.8), at(0, kCat, 0.1)}, {at(0, kDog, 0.7), at(0, kCat, 0.2)});
  EXPECT_FALSE(kept.pairs[0].is_class_change);
  EXPECT_FALSE(kept.pairs[1].is_class_change);
  const auto elsewhere = pair_detections({at(0, kDog, 0.8), at(300, kCat, 0.1)}, {at(0, kDog, 0.2), at(300, kCat, 0.7)});
  EXPECT_FALSE(elsewhere.pairs[0].is_class_change);
}

/// Of equal scores both are the first.
TEST(Pairing, EqualScoresAreNoExchange) {
  const auto found = pair_detections({at(0, kDog, 0.8), at(0, kCat, 0.1)}, {at(0, kDog, 0.5), at(0, kCat, 0.5)});
  ASSERT_EQ(found.pairs.size(), 2U);
  EXPECT_FALSE(found.pairs[0].is_class_change);
  EXPECT_TRUE(found.pairs[1].is_class_change) << "the cat was second and is first now";
}

TEST(Disagreement, SumsSquaredDifferences) {
  const std::vector<Detection> a = {at(0, kDog, 0.8)};
  EXPECT_EQ(disagreement(a, a), 0);
  EXPECT_NEAR(disagreement(a, {at(0, kDog, 0.5)}), 0.09, 1e-12);
  EXPECT_NEAR(disagreement(a, {}), 0.64, 1e-12);
  EXPECT_NEAR(disagreement(a, {at(0, kCat, 0.5)}), 0.64 + 0.25, 1e-12);
  EXPECT_NEAR(disagreement(a, {at(10, kDog, 0.8)}), 0.8 * 0.8 * (20.0 / 110) * (20.0 / 110), 1e-12);
}

}  // namespace
}  // namespace nibble

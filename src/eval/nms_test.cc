// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "eval/detection.h"

namespace nibble {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Boxes = std::vector<std::array<float, 4>>;

const Boxes kThree = {{0, 0, 10, 10}, {1, 0, 11, 10}, {20, 0, 30, 10}};

TEST(SuppressOverlaps, KeepsTheBestOfAPile) {
  EXPECT_THAT(suppress_overlaps(kThree, {0.8F, 0.9F, 0.7F}, 0.7), ElementsAre(1, 2));
  EXPECT_THAT(suppress_overlaps(kThree, {0.8F, 0.9F, 0.7F}, 0.9), ElementsAre(1, 0, 2));
  EXPECT_THAT(suppress_overlaps({}, {}, 0.7), IsEmpty());
}

TEST(SuppressOverlaps, TheThresholdItselfDoesNotSuppress) {
  const Boxes halves = {{0, 0, 2, 1}, {0, 0, 1, 1}};  // overlap exactly 0.5
  EXPECT_THAT(suppress_overlaps(halves, {0.9F, 0.8F}, 0.5), ElementsAre(0, 1));
  EXPECT_THAT(suppress_overlaps(halves, {0.9F, 0.8F}, 0.49), ElementsAre(0));
}

TEST(SuppressOverlaps, EqualScoresKeepTheirOrderAndASuppressedBoxSuppressesNothing) {
  EXPECT_THAT(suppress_overlaps(kThree, {0.5F, 0.5F, 0.5F}, 0.7), ElementsAre(0, 2));
  const Boxes chain = {{0, 0, 10, 10}, {2, 0, 12, 10}, {4, 0, 14, 10}};  // neighbours 0.67, ends 0.43
  EXPECT_THAT(suppress_overlaps(chain, {0.9F, 0.8F, 0.7F}, 0.5), ElementsAre(0, 2));
}

TEST(SuppressOverlaps, StopsAtTheLimit) { EXPECT_THAT(suppress_overlaps(kThree, {0.8F, 0.9F, 0.7F}, 0.7, 1), ElementsAre(1)); }

TEST(SuppressOverlaps, EmptyBoxesDoNotSuppressEachOther) {
  const Boxes empty = {{5, 5, 5, 5}, {5, 5, 5, 5}};  // 0 / 0 is not above any threshold
  EXPECT_THAT(suppress_overlaps(empty, {0.9F, 0.8F}, 0.0), ElementsAre(0, 1));
}

TEST(SuppressOverlapsByClass, ClassesDoNotTouch) {
  const Boxes same = {{0, 0, 10, 10}, {0, 0, 10, 10}, {0, 0, 10, 10}};
  EXPECT_THAT(suppress_overlaps_by_class(same, {0.7F, 0.9F, 0.8F}, {3, 0, 3}, 0.7), ElementsAre(1, 2));
}

// Boxes wider than the class offset reach into the next class; then the order over all classes decides.
TEST(SuppressOverlapsByClass, BoxesBeyondTheClassOffsetMeetAsInUltralytics) {
  const Boxes wide = {{7680, 7680, 7690, 7690}, {0, 0, 10, 10}};
  EXPECT_THAT(suppress_overlaps_by_class(wide, {0.9F, 0.8F}, {0, 1}, 0.7), ElementsAre(0));
}

TEST(SuppressOverlapsByClass, EqualsTheUndividedComputation) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> corner(-20, 600), size(1, 200), score(0, 1);
  Boxes boxes, moved;
  std::vector<float> scores;
  std::vector<std::int32_t> classes;
  for (std::int32_t i = 0; i < 600; ++i) {
    const float x = corner(random), y = corner(random);
    boxes.push_back({x, y, x + size(random), y + size(random)});
    scores.push_back(score(random));
    classes.push_back(i % 7 * 11);
    moved.push_back(boxes.back());
    for (auto& coordinate : moved.back()) coordinate += static_cast<float>(classes.back()) * 7680.0F;
  }
  const auto kept = suppress_overlaps_by_class(boxes, scores, classes, 0.3);
  EXPECT_LT(kept.size(), boxes.size());
  EXPECT_EQ(kept, suppress_overlaps(moved, scores, 0.3));
}

}  // namespace
}  // namespace nibble

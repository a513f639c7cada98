// SPDX-License-Identifier: Apache-2.0
#include "data/box_moves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nibble {
namespace {

using testing::ElementsAre;

LabelledBox box(double x1, double y1, double x2, double y2) { return {3, {x1, y1, x2, y2}}; }

TEST(BoxMoves, ScaleThenShift) {
  EXPECT_EQ(moved(box(1, 2, 3, 4), {.scale_x = 2, .scale_y = 10, .shift_x = -1, .shift_y = 0.5}), box(1, 20.5, 5, 40.5));
}

TEST(BoxMoves, ClippingDropsWhatIsLeftOutside) {
  EXPECT_THAT(clipped({box(-5, 1, 3, 20), box(10, 0, 12, 5), box(1, 1, 1, 4), box(-4, -4, -1, -1), box(2, 2, 9, 7)}, 10, 8),
              ElementsAre(box(0, 1, 3, 8), box(2, 2, 9, 7)));
}

TEST(BoxMoves, WorthLearning) {
  const LabelledBox whole = box(0, 0, 20, 20);
  EXPECT_TRUE(is_worth_learning(whole, box(0, 0, 20, 20)));
  EXPECT_TRUE(is_worth_learning(whole, box(0, 0, 2.1, 20))) << "a tenth and a little";
  EXPECT_FALSE(is_worth_learning(whole, box(0, 0, 2, 20))) << "2 px wide, and a tenth";
  EXPECT_FALSE(is_worth_learning(whole, box(0, 0, 6, 6.6))) << "less than a tenth";
  EXPECT_FALSE(is_worth_learning(box(0, 0, 2, 2), box(0, 0, 2, 2)));
  EXPECT_FALSE(is_worth_learning(box(0, 0, 300, 3), box(0, 0, 300, 3))) << "100 times longer than wide";
  EXPECT_TRUE(is_worth_learning(box(0, 0, 299, 3), box(0, 0, 299, 3)));
}

}  // namespace
}  // namespace nibble

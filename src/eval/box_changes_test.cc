// SPDX-License-Identifier: Apache-2.0
#include "eval/box_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nibble {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Detection box(std::int64_t category, double score, double x, std::int64_t image = 1) { return {image, category, score, {x, 10, 100, 100}}; }

TEST(BoxChanges, NamesEachKind) {
  const std::vector<Detection> baseline = {box(0, 0.9, 0), box(1, 0.8, 200), box(2, 0.7, 400), box(3, 0.6, 600)};
  // 0 stays (IoU 0.9), 1 becomes another class, 2 moves (IoU 20 of 180), 3 goes, 4 comes.
  const std::vector<Detection> model = {box(0, 0.8, 5), box(5, 0.7, 200), box(2, 0.6, 480), box(4, 0.3, 800)};
  const auto changes = box_changes(baseline, model);
  EXPECT_THAT(changes.baseline, ElementsAre(BoxChange::none, BoxChange::other_class, BoxChange::moved, BoxChange::lost));
  EXPECT_THAT(changes.model, ElementsAre(BoxChange::none, BoxChange::other_class, BoxChange::moved, BoxChange::added));
}

TEST(BoxChanges, EqualListsHaveNone) {
  const std::vector<Detection> both = {box(0, 0.9, 0), box(1, 0.8, 200)};
  EXPECT_THAT(box_changes(both, both).model, ElementsAre(BoxChange::none, BoxChange::none));
}

TEST(BoxChanges, EmptyListsLoseOrAddAll) {
  EXPECT_THAT(box_changes({box(0, 0.9, 0)}, {}).baseline, ElementsAre(BoxChange::lost));
  EXPECT_THAT(box_changes({}, {box(0, 0.9, 0)}).model, ElementsAre(BoxChange::added));
  EXPECT_THAT(box_changes({}, {}).model, IsEmpty());
}

TEST(BoxChanges, OtherImagesAreOtherPlaces) {
  EXPECT_THAT(box_changes({box(0, 0.9, 0, 1)}, {box(0, 0.9, 0, 2)}).baseline, ElementsAre(BoxChange::lost));
}

}  // namespace
}  // namespace nibble

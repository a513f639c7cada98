// SPDX-License-Identifier: Apache-2.0
#include "eval/picture_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nibble {
namespace {

Detection box(std::int64_t image, std::int64_t category, double score, double x) { return {image, category, score, {x, 10, 100, 100}}; }

std::vector<std::int64_t> ids_of(const std::vector<ImageChange>& changes) {
  std::vector<std::int64_t> ids;
  for (const auto& change : changes) ids.push_back(change.image_id);
  return ids;
}

TEST(ShownBoxes, HaveOneClassAndEnoughConfidence) {
  const auto shown = shown_boxes({box(1, 0, 0.2, 0), box(1, 1, 0.4, 0), box(1, 2, 0.6, 0), box(2, 1, 0.25, 0)}, 0.25);
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[0].category_id, 2);
  EXPECT_EQ(shown[1].image_id, 2);
}

TEST(ImageChanges, CountEachChangeOnce) {
  const std::vector<Detection> baseline = {box(1, 0, 0.9, 0), box(1, 1, 0.8, 200), box(1, 2, 0.7, 400)};
  const std::vector<Detection> model = {box(1, 0, 0.9, 0), box(1, 5, 0.6, 200), box(1, 4, 0.3, 600)};
  const auto changes = image_changes({{1, "", 0, 0}, {2, "", 0, 0}}, baseline, model);
  ASSERT_EQ(changes.size(), 2U);
  const auto count = [&](BoxChange change) { return changes[0].changes[static_cast<std::size_t>(change)]; };
  EXPECT_EQ(count(BoxChange::none), 1);
  EXPECT_EQ(count(BoxChange::other_class), 1);
  EXPECT_EQ(count(BoxChange::lost), 1);
  EXPECT_EQ(count(BoxChange::added), 1);
  EXPECT_DOUBLE_EQ(changes[0].amount, 0.6 + 0.7 + 0.3);
  EXPECT_EQ(changes[1].amount, 0);
}

TEST(ChoosePictures, TakesTheMostChangedAndTypicalOnes) {
  std::vector<ImageChange> changes;
  for (std::int64_t id = 1; id <= 7; ++id) changes.push_back({id, id == 4 ? 0 : 3, {}, id <= 2 ? 0 : 0.1 * static_cast<double>(id)});
  // Amounts 0, 0, .3, .4, .5, .6, .7: the median is .4, whose own image has no boxes.
  const auto choice = choose_pictures(changes, 2, 2);
  EXPECT_EQ(ids_of(choice.most_changed), (std::vector<std::int64_t>{7, 6}));
  EXPECT_EQ(ids_of(choice.typical), (std::vector<std::int64_t>{5, 3}));
}

TEST(ChoosePictures, HasNoMostChangedWhereNothingChanged) {
  const auto choice = choose_pictures({{1, 2, {}, 0}, {2, 0, {}, 0}}, 4, 4);
  EXPECT_TRUE(choice.most_changed.empty());
  EXPECT_EQ(ids_of(choice.typical), (std::vector<std::int64_t>{1}));
  EXPECT_TRUE(choose_pictures({}, 4, 4).typical.empty());
}

}  // namespace
}  // namespace nibble

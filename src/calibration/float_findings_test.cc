// SPDX-License-Identifier: Apache-2.0
#include "calibration/float_findings.h"

#include <gtest/gtest.h>

namespace nibble {
namespace {

EvalSet two_images() {
  EvalSet set;
  set.images_dir = "images";
  set.dataset.images = {{1, "a.jpg", 100, 100}, {2, "b.jpg", 100, 100}};
  set.dataset.categories = {{0, "cat"}, {1, "dog"}};
  return set;
}

TEST(FloatFindings, LookOnceAtEachSetOfImages) {
  FloatFindings kept;
  int looks = 0;
  const auto score_on = [&](const EvalSet& set) {
    return kept
        .on(set,
            [&] {
              ++looks;
              return Findings{.boxes = {{1, 0, 0.1 * looks, {0, 0, 40, 40}}}, .masks = {}, .keypoints = {}, .oriented = {}};
            })
        .boxes.at(0)
        .score;
  };
  EXPECT_DOUBLE_EQ(score_on(two_images()), 0.1);
  EvalSet labelled = two_images();
  labelled.dataset.annotations = {{1, 1, 0, {1, 2, 3, 4}, 12}};
  labelled.annotations_name = "labels of the float network";
  EXPECT_DOUBLE_EQ(score_on(labelled), 0.1) << "labels do not change what is found";
  EXPECT_EQ(looks, 1);
  EvalSet one = two_images();
  one.dataset.images.pop_back();
  EXPECT_DOUBLE_EQ(score_on(one), 0.2);
  EvalSet elsewhere = two_images();
  elsewhere.images_dir = "others";
  EXPECT_DOUBLE_EQ(score_on(elsewhere), 0.3);
  EvalSet with_masks = two_images();
  with_masks.truth.task = Task::segment;
  EXPECT_DOUBLE_EQ(score_on(with_masks), 0.4);
  EXPECT_DOUBLE_EQ(score_on(two_images()), 0.1);
  EXPECT_EQ(looks, 4);
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "training/qat_data.h"

#include <gtest/gtest.h>

namespace nibble {
namespace {

QatImages images() {
  QatImages result;
  result.training.images.emplace_back();
  result.training.images[0].file = "train.jpg";
  result.has_labels = true;
  auto& set = result.held_out;
  set.dataset.images = {{1, "held-out.jpg", 10, 10}};
  set.dataset.categories = {{0, "person"}, {1, "cat"}};
  set.dataset.annotations = {{1, 1, 0, {1, 2, 3, 4}, 12, false, false, 0}};
  return result;
}

TEST(QatData, LabelsOfHeldOutImagesDecideTheHash) {
  const auto hash_with = [](Task task, const auto& change) {
    QatImages some = images();
    auto& truth = some.held_out.truth;
    truth.task = task;
    if (task == Task::segment) truth.masks = {{2, 2, {1, 1, 2}}};
    if (task == Task::pose) truth.poses = {{1, {{1, 2, 2}}}};
    if (task == Task::obb) truth.oriented = {{5, 5, 4, 2, 0.5F}};
    change(some.held_out);
    return describe(some).at("sha256").get<std::string>();
  };
  const auto none = [](EvalSet&) {};
  for (const Task task : kTasks) {
    EXPECT_EQ(hash_with(task, none), hash_with(task, none));
    EXPECT_NE(hash_with(task, none), hash_with(task, [](EvalSet& set) { set.dataset.annotations[0].category_id = 1; })) << name_of(task);
  }
  EXPECT_NE(hash_with(Task::detect, none), hash_with(Task::detect, [](EvalSet& set) { set.dataset.annotations[0].box_xywh_px[0] = 0; }));
  EXPECT_NE(hash_with(Task::segment, none), hash_with(Task::segment, [](EvalSet& set) { set.truth.masks[0].counts = {1, 2, 1}; }));
  EXPECT_NE(hash_with(Task::pose, none), hash_with(Task::pose, [](EvalSet& set) { set.truth.poses[0].keypoints[0].x_px = 5; }));
  EXPECT_NE(hash_with(Task::obb, none), hash_with(Task::obb, [](EvalSet& set) { set.truth.oriented[0].angle = 0.25F; }));
}

}  // namespace
}  // namespace nibble

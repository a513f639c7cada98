// SPDX-License-Identifier: Apache-2.0
#include "scoring/eval_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/shared_data.h"
#include "nibble/error.h"
#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

class EvalSets : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = test::process_folder() / (std::string("nibble_eval_set_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    write_file(folder_ / "another.jpg", "");  // a folder without any image is refused at once
    write_json(
        annotations(),
        {{"images", {image(3), image(1), image(2)}}, {"annotations", Json::array()}, {"categories", {{{"id", 1}, {"name", "person"}}}}});
  }
  void TearDown() override { fs::remove_all(folder_); }
  static Json image(int id) { return {{"id", id}, {"file_name", std::to_string(id) + ".jpg"}, {"width", 10}, {"height", 10}}; }
  fs::path annotations() const { return folder_ / "instances.json"; }
  DataOptions options() const {
    DataOptions result;
    result.annotations = annotations();
    result.images = folder_;
    return result;
  }
  fs::path folder_;
};

std::string message_of(const std::function<void()>& action, ErrorKind kind) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    return error.what();
  }
  return "no error";
}

TEST_F(EvalSets, TakesTheFirstImagesByAscendingId) {
  auto data = options();
  data.max_images = 2;
  const auto set = open_eval_set(data);
  ASSERT_EQ(set.dataset.images.size(), 2U);
  EXPECT_EQ(set.dataset.images[0].id, 1);
  EXPECT_EQ(set.dataset.images[1].id, 2);
  EXPECT_EQ(image_path(set, set.dataset.images[0]), folder_ / "1.jpg");
}

TEST_F(EvalSets, ADataSetWithoutAnyLabelIsRefused) {
  write_file(folder_ / "images/val/1.jpg", read_file(shared_data("assets/coco/val2017/000000000139.jpg")));
  write_file(folder_ / "data.yaml", "path: .\nval: images/val\nnames: [person]\n");
  DataOptions data;
  data.annotations = folder_ / "data.yaml";
  EXPECT_THAT(message_of([&] { open_eval_set(data); }, ErrorKind::input), HasSubstr("data.yaml: none of its 1 images has a label"));
  write_file(folder_ / "labels/val/1.txt", "0 0.5 0.5 0.4 0.4\n");
  EXPECT_EQ(open_eval_set(data).dataset.images.size(), 1U);
}

TEST_F(EvalSets, AFolderIsNoAnnotationFile) {
  DataOptions data;
  data.annotations = folder_;
  EXPECT_THAT(message_of([&] { open_eval_set(data); }, ErrorKind::usage), HasSubstr("is a folder; name a COCO instances_*.json"));
}

TEST_F(EvalSets, MissingImagesAreNamed) {
  const auto set = open_eval_set(options());
  EXPECT_THAT(message_of([&] { require_images(set); }, ErrorKind::input), HasSubstr("1.jpg: no such file"));
}

TEST_F(EvalSets, HalfAnAnswerIsAUsageError) {
  DataOptions only_images;
  only_images.images = folder_;
  EXPECT_THAT(message_of([&] { open_eval_set(only_images); }, ErrorKind::usage), HasSubstr("--annotations"));
  DataOptions only_annotations;
  only_annotations.annotations = annotations();
  EXPECT_THAT(message_of([&] { open_eval_set(only_annotations); }, ErrorKind::usage), HasSubstr("--images"));
  EXPECT_NO_THROW(open_annotations(only_annotations));
}

TEST_F(EvalSets, DetectionsOfImagesThatAreNotSelectedAreLeftOut) {
  auto data = options();
  data.max_images = 2;
  const auto set = open_eval_set(data);
  EXPECT_EQ(set.all_images, (std::vector<std::int64_t>{1, 2, 3}));
  const auto kept = findings_of(set, {{{3, 1, 0.5, {}}, {2, 1, 0.4, {}}}, {}, {}, {}}).boxes;
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].image_id, 2);
  EXPECT_THAT(message_of(
                  [&] {
                    findings_of(set, {{{2, 1, 0.5, {}}, {4, 1, 0.5, {}}}, {}, {}, {}});
                  },
                  ErrorKind::input),
              HasSubstr("entry 1: image 4 is not in"));
}

TEST_F(EvalSets, TheDescriptionChangesWithTheSelection) {
  auto data = options();
  const auto all = describe(open_eval_set(data));
  data.max_images = 2;
  const auto some = describe(open_eval_set(data));
  EXPECT_EQ(all["count"], 3);
  EXPECT_NE(all["ids_sha256"], some["ids_sha256"]);
  EXPECT_EQ(all["annotations_sha256"], some["annotations_sha256"]);
}

/// One object in the way of the task.
EvalSet labelled(Task task) {
  EvalSet set;
  set.dataset.images = {{1, "1.jpg", 10, 10}};
  set.dataset.categories = {{1, "person"}};
  set.dataset.annotations = {{7, 1, 1, {1, 2, 3, 4}, 12, false, false, 0}};
  set.truth.task = task;
  if (task == Task::segment) set.truth.masks = {{2, 2, {1, 1, 2}}};
  if (task == Task::pose) set.truth.poses = {{1, {{1, 2, 2}, {3, 4, 0}}}};
  if (task == Task::obb) set.truth.oriented = {{5, 5, 4, 2, 0.5F}};
  return set;
}

TEST(Labels, EveryTasksLabelsDecideTheirHash) {
  const auto differs = [](Task task, const std::function<void(EvalSet&)>& change) {
    EvalSet set = labelled(task);
    change(set);
    return labels_sha256(set) != labels_sha256(labelled(task)) && describe(set) != describe(labelled(task));
  };
  for (const Task task : kTasks) {
    EXPECT_FALSE(differs(task, [](EvalSet&) {}));
    EXPECT_TRUE(differs(task, [](EvalSet& set) { set.dataset.annotations[0].category_id = 2; })) << name_of(task);
    EXPECT_TRUE(differs(task, [](EvalSet& set) { set.dataset.annotations[0].box_xywh_px[3] = 5; })) << name_of(task);
    EXPECT_TRUE(differs(task, [](EvalSet& set) { set.dataset.annotations[0].area_px2 = 11; })) << name_of(task);
    EXPECT_TRUE(differs(task, [](EvalSet& set) { set.dataset.annotations[0].is_crowd = true; })) << name_of(task);
    EXPECT_TRUE(differs(task, [](EvalSet& set) { set.dataset.annotations.clear(); })) << name_of(task);
    EXPECT_TRUE(differs(task, [](EvalSet& set) { set.dataset.categories[0].name = "cat"; })) << name_of(task);
  }
  EXPECT_TRUE(differs(Task::segment, [](EvalSet& set) { set.truth.masks[0].counts = {1, 2, 1}; }));
  EXPECT_TRUE(differs(Task::pose, [](EvalSet& set) { set.truth.poses[0].keypoints[1].y_px = 5; }));
  EXPECT_TRUE(differs(Task::pose, [](EvalSet& set) { set.truth.poses[0].keypoints[1].visibility = 1; }));
  EXPECT_TRUE(differs(Task::pose, [](EvalSet& set) { set.truth.poses[0].annotated = 2; }));
  EXPECT_TRUE(differs(Task::obb, [](EvalSet& set) { set.truth.oriented[0].angle = 0.25F; }));
}

TEST(Labels, FilesThatSayTheSameHaveTheSameHash) {
  EvalSet set = labelled(Task::segment);
  set.dataset.annotations[0].id = 8;
  set.dataset.annotations[0].entry = 1;  // something was read before it, which is not of the selected images
  set.truth.masks.insert(set.truth.masks.begin(), RunLengths{});
  EXPECT_EQ(labels_sha256(set), labels_sha256(labelled(Task::segment)));
}

}  // namespace
}  // namespace nibble

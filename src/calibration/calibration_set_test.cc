// SPDX-License-Identifier: Apache-2.0
#include "calibration/calibration_set.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

class CalibrationSets : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = test::process_folder() / (std::string("nibble_calibration_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    for (const auto* name : {"b.jpg", "a.jpg", "c.jpg"}) write_file(folder_ / name, name);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(CalibrationSets, TakesTheFirstByName) {
  const auto listed = list_calibration_images(folder_);
  ASSERT_EQ(listed.files.size(), 3U);
  EXPECT_EQ(listed.files[0].filename(), "a.jpg");
  EXPECT_EQ(listed.files[1].filename(), "b.jpg");
  const fs::path images = NIBBLE_SOURCE_DIR "/assets/coco/train2017";
  const auto two = open_calibration_set(images, 2), all = open_calibration_set(images, 1000);
  EXPECT_EQ(two.files, std::vector<fs::path>(all.files.begin(), all.files.begin() + 2));
  EXPECT_TRUE(std::is_sorted(all.files.begin(), all.files.end()));
  EXPECT_EQ(images_of(two, 640).count, 2);
}

TEST_F(CalibrationSets, ViewsFollowTheImagesThemselves) {
  const CalibrationSet set = open_calibration_set(NIBBLE_SOURCE_DIR "/assets/coco/train2017", 2);
  const auto plain = images_of(set, 64), views = images_of(set, 64, 3, 7);
  ASSERT_EQ(views.count, 6);
  EXPECT_TRUE(identical(plain.load(0, 2), views.load(0, 2)));
  for (std::int64_t i = 0; i < 6; ++i)
    for (std::int64_t k = 0; k < i; ++k) EXPECT_FALSE(identical(views.load(i, 1), views.load(k, 1))) << i << " and " << k;
  EXPECT_TRUE(identical(views.load(2, 4), images_of(set, 64, 3, 7).load(2, 4))) << "the same each time";
  EXPECT_FALSE(identical(views.load(2, 4), images_of(set, 64, 3, 8).load(2, 4))) << "another seed";
}

TEST_F(CalibrationSets, TheDescriptionDependsOnTheContent) {
  const auto before = describe(list_calibration_images(folder_));
  write_file(folder_ / "b.jpg", "other");
  const auto after = describe(list_calibration_images(folder_));
  EXPECT_EQ(before["count"], 3);
  EXPECT_NE(before["sha256"], after["sha256"]);
}

TEST_F(CalibrationSets, OverlapIsFoundByContentAndNotByFileName) {
  write_file(folder_ / "val/other name.jpg", "b.jpg");  // what b.jpg holds
  write_file(folder_ / "val/c.jpg", "another picture");
  EvalSet scored;
  scored.images_dir = folder_ / "val";
  scored.dataset.images = {{1, "other name.jpg", 1, 1}, {2, "c.jpg", 1, 1}, {3, "missing.jpg", 1, 1}};
  const CalibrationSet all{{folder_ / "a.jpg", folder_ / "b.jpg", folder_ / "c.jpg"}, "calibration"};
  EXPECT_EQ(overlap(all, scored), std::vector<std::string>{"b.jpg"});
  EXPECT_EQ(without(all, scored).files, (std::vector<fs::path>{folder_ / "a.jpg", folder_ / "c.jpg"}));
}

TEST(CalibrationSet, WhatDoesNotCalibrateIsSpare) {
  const fs::path images = NIBBLE_SOURCE_DIR "/assets/coco/train2017";
  const auto all = list_image_files(images);
  const auto set = open_calibration_set(images, 2);
  ASSERT_EQ(set.spare.size(), all.size() - 2);
  EXPECT_EQ(set.spare.front(), all.at(2));
  EXPECT_EQ(describe(set)["spare"]["count"], all.size() - 2);
  EXPECT_TRUE(open_calibration_set(images, 1000).spare.empty());
  EXPECT_FALSE(describe(open_calibration_set(images, 1000)).contains("spare"));
}

}  // namespace
}  // namespace nibble

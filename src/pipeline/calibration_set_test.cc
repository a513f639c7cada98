// SPDX-License-Identifier: Apache-2.0
#include "pipeline/calibration_set.h"

#include <gtest/gtest.h>

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
  const auto set = open_calibration_set(folder_, 2);
  ASSERT_EQ(set.files.size(), 2U);
  EXPECT_EQ(set.files[0].filename(), "a.jpg");
  EXPECT_EQ(set.files[1].filename(), "b.jpg");
  EXPECT_EQ(images_of(set, 640).count, 2);
}

TEST_F(CalibrationSets, TheDescriptionDependsOnTheContent) {
  const auto before = describe(open_calibration_set(folder_, 0));
  write_file(folder_ / "b.jpg", "other");
  const auto after = describe(open_calibration_set(folder_, 0));
  EXPECT_EQ(before["count"], 3);
  EXPECT_NE(before["sha256"], after["sha256"]);
}

TEST_F(CalibrationSets, OverlapIsFoundByFileName) {
  EvalSet scored;
  scored.dataset.images = {{1, "val/b.jpg", 1, 1}, {2, "val/z.jpg", 1, 1}};
  const auto both = overlap(open_calibration_set(folder_, 0), scored);
  ASSERT_EQ(both.size(), 1U);
  EXPECT_EQ(both[0], "b.jpg");
  const auto rest = without(open_calibration_set(folder_, 0), scored).files;
  ASSERT_FALSE(rest.empty());
  for (const auto& file : rest) EXPECT_NE(file.filename(), "b.jpg");
  EXPECT_EQ(rest.size() + 1, open_calibration_set(folder_, 0).files.size());
}

}  // namespace
}  // namespace nibble

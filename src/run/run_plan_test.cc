// SPDX-License-Identifier: Apache-2.0
#include "run/run_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// A data set of 101 images that are all the same file.
class RunPlans : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    fs::copy_file(fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/letterbox/wide.png", folder_ / "same.jpg");
    Json images = Json::array();
    for (int id = 1; id <= 101; ++id) images.push_back({{"id", id}, {"file_name", "same.jpg"}, {"width", 90}, {"height", 37}});
    write_json(folder_ / "instances.json",
               {{"images", images}, {"annotations", Json::array()}, {"categories", {{{"id", 1}, {"name", "person"}}}}});
    options_.data.images = folder_;
    options_.data.annotations = folder_ / "instances.json";
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_ =
      test::process_folder() / (std::string("nibble_run_plan_") + testing::UnitTest::GetInstance()->current_test_info()->name());
  RunOptions options_;
};

TEST_F(RunPlans, SayThatOnlyTheFirstHundredImagesAreScored) {
  const auto plan = plan_run(options_);
  EXPECT_EQ(plan.evaluation.dataset.images.size(), 100U);
  EXPECT_THAT(plan.caveats, Contains(HasSubstr("first 100 of 101 images")));
}

TEST_F(RunPlans, SayNothingWhenTheCountWasChosen) {
  options_.data.max_images = 50;
  EXPECT_THAT(plan_run(options_).caveats, Not(Contains(HasSubstr("Scored on the first"))));
  options_.data.max_images = 101;
  const auto plan = plan_run(options_);
  EXPECT_EQ(plan.evaluation.dataset.images.size(), 101U);
  EXPECT_THAT(plan.caveats, Not(Contains(HasSubstr("Scored on the first"))));
}

TEST_F(RunPlans, BestTrainsWhatHasFewBitsOnTheCalibrationImages) {
  write_file(folder_ / "calibration.txt", "same.jpg\n");
  options_.recipes = {"w4a16", "w8a8", "w4a8"};
  options_.qat = {"w4a8"};
  options_.preset = "best";
  options_.calibration = folder_ / "calibration.txt";
  const auto plan = plan_run(options_);
  EXPECT_EQ(plan.options.qat, (std::vector<std::string>{"w4a8", "w4a16"}));
  EXPECT_EQ(plan.options.qat_data, options_.calibration);
  options_.preset = "default";
  EXPECT_EQ(plan_run(options_).options.qat, std::vector<std::string>{"w4a8"});
}

TEST_F(RunPlans, PutRunsIntoAFolderNamedAfterWhatRuns) {
  const auto folder_of = [&](const std::vector<std::string>& recipes) {
    options_.recipes = recipes;
    return plan_run(options_).options.runs_dir;
  };
  EXPECT_EQ(folder_of({"w4a16", "w4a8"}), "tmp/yolov10n_brevitas_w4a8_w4a16");
  EXPECT_EQ(folder_of({"w4a8", "w4a16"}), "tmp/yolov10n_brevitas_w4a8_w4a16");
  EXPECT_EQ(folder_of({"w4a16"}), "tmp/yolov10n_w4a16");
  EXPECT_EQ(folder_of({"w8a8", "w4a16", "w4a8"}), "tmp/yolov10n_w8a8_w4a16_w4a8");
  options_.runs_dir = "mine";
  EXPECT_EQ(folder_of({"w4a16"}), "mine");
}

TEST(DefaultRunsDir, LongListsAreALegalName) {
  std::vector<std::string> many, others;
  for (int i = 0; i < 60; ++i) many.push_back("recipe-" + std::to_string(i));
  others = many;
  std::swap(others[0], others[1]);
  const auto name = default_runs_dir("yolov10n", many).filename().string();
  EXPECT_LE(name.size(), 255U);
  EXPECT_EQ(name.substr(0, 20), "yolov10n_60_recipes_");
  EXPECT_NE(default_runs_dir("yolov10n", others).filename(), name);
  EXPECT_LE(default_runs_dir(std::string(250, 'm'), {"w4a16"}).filename().string().size(), 255U);
}

TEST_F(RunPlans, GoOnWithARunOfTheOneFolderThatAllRecipesHad) {
  const fs::path before = fs::current_path();
  fs::create_directories(folder_ / "tmp/yolov10n_brevitas_w4a8_w4a16/old");
  fs::current_path(folder_);
  options_.recipes = {"w4a16"};
  options_.resume = true;
  options_.run_id = "old";
  const auto old_run = plan_run(options_).options.runs_dir;
  options_.run_id = "new";
  const auto new_run = plan_run(options_).options.runs_dir;
  fs::current_path(before);
  EXPECT_EQ(old_run, "tmp/yolov10n_brevitas_w4a8_w4a16");
  EXPECT_EQ(new_run, "tmp/yolov10n_w4a16");
}

TEST_F(RunPlans, CountTheSamePictureUnderAnotherNameAsScored) {
  fs::create_directories(folder_ / "calibration");
  fs::copy_file(folder_ / "same.jpg", folder_ / "calibration/renamed.jpg");
  fs::copy_file(fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/letterbox/tall.png", folder_ / "calibration/same.jpg");
  options_.calibration = folder_ / "calibration";
  EXPECT_THAT(plan_run(options_).caveats, Contains(HasSubstr("**1 calibration images are also scored (renamed.jpg)")));
  fs::remove(folder_ / "calibration/renamed.jpg");
  EXPECT_THAT(plan_run(options_).caveats, Not(Contains(HasSubstr("also scored")))) << "the same name is not the same picture";
}

}  // namespace
}  // namespace nibble

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

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "calibration/calibration_check.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "data/coco.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
namespace fs = std::filesystem;

const fs::path kCalibration = NIBBLE_SOURCE_DIR "/assets/coco/train2017";
const fs::path kScored = NIBBLE_SOURCE_DIR "/assets/coco/val2017";

class CalibrationCheck : public test::Scratch {
 protected:
  /// The first four calibration images of the assets, and what a test adds.
  void SetUp() override {
    for (const auto& from : list_image_files(kCalibration, 4)) fs::copy_file(from, folder() / from.filename());
  }
  CalibrationFindings look() const {
    Progress silent;
    CalibrationFindings findings;
    findings.source = "folder";
    findings.images = survey_images(list_image_files(folder()), "", silent);
    findings.scored = survey_images(list_image_files(kScored, 8), "", silent);
    find_copies(findings);
    return findings;
  }
};

TEST_F(CalibrationCheck, GoodImagesGetNoObjection) {
  const auto findings = look();
  EXPECT_EQ(findings.images.size(), 4U);
  EXPECT_THAT(findings.copies, IsEmpty());
  EXPECT_THAT(objections_to(findings), IsEmpty());
}

TEST_F(CalibrationCheck, FewImagesAreSaidToBeFew) {
  Progress silent;
  const auto files = list_image_files(folder());
  EXPECT_THAT(warnings_about("mine", files, silent), testing::ElementsAre(HasSubstr("4 calibration images are few")));
  EXPECT_THAT(warnings_about("mine", {files.front()}, silent), testing::ElementsAre(HasSubstr("nibble doctor --calib mine")));
  std::vector<fs::path> all = list_image_files(kCalibration, 40);
  if (all.size() < 40) return;
  EXPECT_THAT(warnings_about("mine", all, silent), Not(Contains(HasSubstr("few"))));
}

TEST_F(CalibrationCheck, ImagesOfTheNightAreSaidToBeDark) {
  auto findings = look();
  EXPECT_THAT(objections_to(findings), IsEmpty());
  for (auto& image : findings.images) {
    EXPECT_GT(image.brightness, 55);
    EXPECT_LT(image.brightness, 220);
    image.brightness = 30;
  }
  EXPECT_THAT(objections_to(findings), testing::ElementsAre(HasSubstr("4 of 4 calibration images are dark")));
}

TEST_F(CalibrationCheck, FindsCopiesUnderOtherNames) {
  const auto files = list_image_files(kCalibration, 1);
  fs::copy_file(files.front(), folder() / "zz-copy.jpg");
  const auto findings = look();
  ASSERT_EQ(findings.copies.size(), 1U);
  EXPECT_THAT(objections_to(findings), Contains(HasSubstr("= zz-copy.jpg")));
}

TEST_F(CalibrationCheck, FindsScoredImagesUnderOtherNames) {
  fs::copy_file(list_image_files(kScored, 3).back(), folder() / "holiday.jpg");
  const auto findings = look();
  ASSERT_EQ(findings.also_scored.size(), 1U);
  EXPECT_THAT(objections_to(findings), Contains(HasSubstr("flattered")));
  const auto check = check_of(findings);
  ASSERT_EQ(check.also_scored.size(), 1U);
  EXPECT_EQ(check.also_scored[0].file.filename(), "holiday.jpg");
  EXPECT_EQ(check.objections, objections_to(findings));
}

TEST_F(CalibrationCheck, WhatCannotBeReadIsARow) {
  write_file(folder() / "broken.jpg", "no image");
  const auto findings = look();
  EXPECT_THAT(objections_to(findings), Contains(HasSubstr("cannot be read (broken.jpg)")));
  const auto check = check_of(findings);
  ASSERT_EQ(check.unreadable.size(), 1U);
  EXPECT_EQ(check.unreadable[0].file.filename(), "broken.jpg");
  EXPECT_THAT(check.unreadable[0].problem, HasSubstr("broken.jpg"));
  EXPECT_EQ(check.usable(), check.images - 1);
}

TEST_F(CalibrationCheck, RecommendsWhereTheErrorIsSmallEnough) {
  auto findings = look();
  findings.convergence = Convergence{4, 80, {{8, 0.2, 0.3, 0.7, 0.6}, {16, 0.05, 0.09, 0.8, 0.7}}, 16};
  EXPECT_THAT(objections_to(findings), Contains(HasSubstr("16 or more are recommended")));
  findings.convergence->recommended = 0;
  EXPECT_THAT(objections_to(findings), Not(Contains(HasSubstr("recommended"))));
}

}  // namespace
}  // namespace nibble

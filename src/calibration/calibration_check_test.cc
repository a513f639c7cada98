// SPDX-License-Identifier: Apache-2.0
#include "calibration/calibration_check.h"

#include <gmock/gmock.h>

#include "artifacts/float_file.h"
#include "base/files.h"
#include "data/coco.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
namespace fs = std::filesystem;

const fs::path kCalibration = NIBBLE_SOURCE_DIR "/assets/coco/train2017";
const fs::path kScored = NIBBLE_SOURCE_DIR "/assets/coco/val2017";

const Convergence kFourAreEnough{4, 80, {{8, 0.02, 0.03, 0.7, 0.6}}, 4};

class LookAtImages : public test::Scratch {
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

TEST_F(LookAtImages, GoodImagesGetNoObjection) {
  auto findings = look();
  EXPECT_EQ(findings.images.size(), 4U);
  EXPECT_THAT(findings.copies, IsEmpty());
  findings.convergence = kFourAreEnough;
  EXPECT_THAT(objections_to(findings), IsEmpty());
}

TEST_F(LookAtImages, FewImagesAreSaidToBeFew) {
  auto findings = look();
  EXPECT_THAT(objections_to(findings), testing::ElementsAre(AllOf(HasSubstr("4 calibration images are few"), HasSubstr("give 32 or more"),
                                                                  HasSubstr("nibble doctor --calib folder"))));
  findings.images.resize(1);
  EXPECT_THAT(objections_to(findings), testing::ElementsAre(HasSubstr("1 calibration image is few")));
  findings.images.resize(32, findings.images.front());
  EXPECT_THAT(objections_to(findings), Not(Contains(HasSubstr("few"))));
}

/// Where statistics were measured, they say how many are few: 8 images have an error of 30 %, so 4 have 30 % times the root of 2.
TEST_F(LookAtImages, FewImagesAreToldByTheirStatistics) {
  auto findings = look();
  findings.convergence = Convergence{4, 80, {{8, 0.2, 0.3, 0.7, 0.6}}, 128};
  EXPECT_THAT(objections_to(findings),
              testing::ElementsAre(AllOf(HasSubstr("uncertain by 42.4 %"), HasSubstr("128 or more are recommended, which leave 7.5 %"))));
  findings.convergence->rows[0].worst_error = 0.02;  // hardly different images: known well, and still few
  findings.convergence->recommended = 8;
  EXPECT_THAT(objections_to(findings), testing::ElementsAre(AllOf(HasSubstr("by 2.8 % only"), HasSubstr("8 or more are recommended."))));
  findings.convergence->recommended = 4;
  EXPECT_THAT(objections_to(findings), IsEmpty());
}

ShownObjects shown_on_ten(std::vector<ShownClass> classes, std::int64_t without_object = 0) {
  ShownObjects shown{10, without_object, 0, 80, std::move(classes)};
  for (const auto& seen : shown.classes) shown.objects += seen.objects;
  return shown;
}

TEST_F(LookAtImages, ImagesOfOneClassAreToldByWhatTheNetworkSees) {
  auto findings = look();
  findings.images.resize(40, findings.images.front());
  const auto one_class = HasSubstr("show one class");
  const auto objections = [&](const ShownObjects& shown) {
    findings.objects = shown;
    return objections_to(findings);
  };
  EXPECT_THAT(objections(shown_on_ten({{"dog", 12, 10}})), Contains(AllOf(one_class, HasSubstr("of dog"), HasSubstr("no other is seen"))));
  EXPECT_THAT(objections(shown_on_ten({{"dog", 16, 9}, {"cat", 4, 3}})), Contains(AllOf(one_class, HasSubstr("16 of the 20"))));
  EXPECT_THAT(objections(shown_on_ten({{"dog", 11, 10}, {"cat", 5, 4}, {"cup", 4, 4}})), Contains(one_class)) << "on every image";
  EXPECT_THAT(objections(shown_on_ten({{"dog", 11, 9}, {"cat", 5, 4}, {"cup", 4, 4}})), Not(Contains(one_class)));
  EXPECT_THAT(objections(shown_on_ten({{"dog", 15, 9}, {"cat", 5, 4}})), Not(Contains(one_class))) << "three quarters";
  EXPECT_THAT(objections(shown_on_ten({{"dog", 3, 3}})), Not(Contains(one_class))) << "too few to tell";
  auto network_of_one = shown_on_ten({{"dog", 12, 10}});
  network_of_one.network_classes = 1;
  EXPECT_THAT(objections(network_of_one), Not(Contains(one_class)));
}

TEST_F(LookAtImages, ImagesWithoutObjectsAreSaidToShowNone) {
  auto findings = look();
  findings.objects = shown_on_ten({}, 10);
  EXPECT_THAT(objections_to(findings), Contains(HasSubstr("on 10 of 10 calibration images the float network sees no object")));
  findings.objects = shown_on_ten({{"dog", 6, 5}, {"cat", 6, 5}}, 5);
  EXPECT_THAT(objections_to(findings), Not(Contains(HasSubstr("no object"))));
}

/// The embedded network on embedded images: what it sees there is known from compare and predict.
TEST_F(LookAtImages, MeasuresWhatImagesShow) {
  auto findings = look();
  Progress silent;
  const FloatFile network({}, 320);
  measure_on(network.path(), 3, {}, silent, findings);
  ASSERT_TRUE(findings.convergence);
  EXPECT_EQ(findings.convergence->images, 3);
  ASSERT_TRUE(findings.objects);
  EXPECT_EQ(findings.objects->images, 4);
  EXPECT_EQ(findings.objects->network_classes, 80);
  EXPECT_GT(findings.objects->objects, 4);
  std::int64_t objects = 0;
  for (const auto& seen : findings.objects->classes) objects += seen.objects;
  EXPECT_EQ(objects, findings.objects->objects);
  EXPECT_THAT(check_of(findings).objections, Not(Contains(HasSubstr("one class"))));
}

TEST_F(LookAtImages, ImagesOfTheNightAreSaidToBeDark) {
  auto findings = look();
  findings.convergence = kFourAreEnough;
  EXPECT_THAT(objections_to(findings), IsEmpty());
  for (auto& image : findings.images) {
    EXPECT_GT(image.brightness, 55);
    EXPECT_LT(image.brightness, 220);
    image.brightness = 30;
  }
  EXPECT_THAT(objections_to(findings), testing::ElementsAre(HasSubstr("4 of 4 calibration images are dark")));
}

TEST_F(LookAtImages, FindsCopiesUnderOtherNames) {
  const auto files = list_image_files(kCalibration, 1);
  fs::copy_file(files.front(), folder() / "zz-copy.jpg");
  const auto findings = look();
  ASSERT_EQ(findings.copies.size(), 1U);
  EXPECT_THAT(objections_to(findings), Contains(HasSubstr("= zz-copy.jpg")));
}

TEST_F(LookAtImages, FindsScoredImagesUnderOtherNames) {
  fs::copy_file(list_image_files(kScored, 3).back(), folder() / "holiday.jpg");
  const auto findings = look();
  ASSERT_EQ(findings.also_scored.size(), 1U);
  EXPECT_THAT(objections_to(findings), Contains(HasSubstr("flattered")));
  const auto check = check_of(findings);
  ASSERT_EQ(check.also_scored.size(), 1U);
  EXPECT_EQ(check.also_scored[0].file.filename(), "holiday.jpg");
  EXPECT_EQ(check.objections, objections_to(findings));
}

TEST_F(LookAtImages, WhatCannotBeReadIsARow) {
  write_file(folder() / "broken.jpg", "no image");
  const auto findings = look();
  EXPECT_THAT(objections_to(findings), Contains(HasSubstr("cannot be read (broken.jpg)")));
  const auto check = check_of(findings);
  ASSERT_EQ(check.unreadable.size(), 1U);
  EXPECT_EQ(check.unreadable[0].file.filename(), "broken.jpg");
  EXPECT_THAT(check.unreadable[0].problem, HasSubstr("broken.jpg"));
  EXPECT_EQ(check.usable(), check.images - 1);
}

TEST_F(LookAtImages, RecommendsWhereTheErrorIsSmallEnough) {
  auto findings = look();
  findings.convergence = Convergence{4, 80, {{8, 0.2, 0.3, 0.7, 0.6}, {16, 0.05, 0.09, 0.8, 0.7}}, 16};
  EXPECT_THAT(objections_to(findings), Contains(HasSubstr("16 or more are recommended")));
  findings.convergence->recommended = 0;
  findings.convergence->rows.back().images = 1024;
  EXPECT_THAT(objections_to(findings), testing::ElementsAre(HasSubstr("even 1024 would leave more than 10 %")));
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/html/html_parts.h"

namespace nibble {
namespace {
using testing::HasSubstr;

HtmlPicture picture(const std::string& jpeg, int lost = 1) {
  const Json facts = {{"file", "ptq-w4a8-coco/pictures/changed-1.jpg"},
                      {"kind", "most changed"},
                      {"file_name", "a.jpg"},
                      {"baseline_boxes", 3},
                      {"same", 2},
                      {"lost", lost},
                      {"new", 0}};
  return {facts, jpeg};
}

Report report() {
  Report result;
  for (const auto* name : {"baseline-fp32", "w4a16", "w4a8"}) {
    result.artifacts.emplace_back();
    result.artifacts.back().name = name;
    result.artifacts.back().recipe = std::string(name) == "baseline-fp32" ? "" : name;
  }
  return result;
}

TEST(PictureSections, HoldTheFilesAsDataUris) {
  // RFC 4648, section 10.
  const auto sections = picture_sections(report(), {{"w4a8", {picture("f"), picture("fo"), picture("foobar", 0)}}}, 1000);
  ASSERT_EQ(sections.size(), 1U);
  const auto& pictures = sections[0].at("pictures");
  EXPECT_EQ(pictures.at(0).at("source"), "data:image/jpeg;base64,Zg==");
  EXPECT_EQ(pictures.at(1).at("source"), "data:image/jpeg;base64,Zm8=");
  EXPECT_EQ(pictures.at(2).at("source"), "data:image/jpeg;base64,Zm9vYmFy");
  EXPECT_EQ(pictures.at(0).at("caption"), "a.jpg: 1 lost; 2 unchanged");
  EXPECT_EQ(pictures.at(2).at("caption"), "a.jpg: 2 unchanged");
  EXPECT_EQ(pictures.at(0).at("alt"),
            "Image a.jpg twice: on the left with the 3 objects of baseline-fp32, on the right with those of w4a8. 1 lost; 2 unchanged.");
  EXPECT_EQ(sections[0].at("left_out"), false);
}

TEST(PictureSections, AnImageOfAClassifierHasOneClassOrAnother) {
  auto of_classes = report();
  of_classes.task = Task::classify;
  auto same = picture("f", 0), other = picture("f", 0);
  Json of_same = same.facts.json(), of_other = other.facts.json();
  of_same["baseline_boxes"] = of_other["baseline_boxes"] = of_same["same"] = of_other["class changed"] = 1;
  of_other["same"] = 0;
  same.facts = of_same;
  other.facts = of_other;
  const auto pictures = picture_sections(of_classes, {{"w4a8", {other, same}}}, 1000)[0].at("pictures");
  EXPECT_EQ(pictures.at(0).at("caption"), "a.jpg: another best class");
  EXPECT_EQ(pictures.at(1).at("caption"), "a.jpg: the same best class");
  EXPECT_EQ(pictures.at(0).at("alt"),
            "Image a.jpg twice: on the left with the best classes of baseline-fp32, on the right with those of w4a8. It has another best "
            "class.");
}

TEST(PictureSections, KeepTheFirstPicturesOfEachFileWithinTheBudget) {
  const std::string jpeg(300, 'x');  // 423 bytes as a data URI
  const std::map<std::string, std::vector<HtmlPicture>> pictures = {{"w4a16", {picture(jpeg), picture(jpeg)}},
                                                                    {"w4a8", {picture(jpeg), picture(jpeg)}}};
  const auto sections = picture_sections(report(), pictures, 3 * 423);
  ASSERT_EQ(sections.size(), 2U);
  EXPECT_EQ(sections[0].at("pictures").size(), 2U);
  EXPECT_EQ(sections[1].at("pictures").size(), 1U);
  EXPECT_THAT(sections[1].at("left_out").at("text"), HasSubstr("1 more"));
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "eval/output_layout.h"

#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

OutputFacts facts(Shape shape, std::int64_t classes, std::string name = "", std::optional<bool> is_end2end = {}) {
  return {std::move(shape), classes, 640, {}, is_end2end, std::move(name)};
}
std::vector<std::string> names(const OutputFacts& facts) {
  std::vector<std::string> found;
  for (const auto& layout : possible_layouts(facts)) found.emplace_back(name_of(layout));
  return found;
}
using Names = std::vector<std::string>;

/// [1,anchors,values], anchor by anchor.
Tensor rows(std::int64_t values, const std::vector<float>& numbers) {
  return Tensor::of<float>({1, static_cast<std::int64_t>(numbers.size()) / values, values}, numbers);
}

TEST(OutputLayout, ShapesThatLeaveOneReading) {
  EXPECT_EQ(names(facts({1, 300, 6}, 80)), Names{"one2one"});
  EXPECT_EQ(names(facts({1, 300, 6}, 1)), Names{"one2one"}) << "300 is no grid";
  EXPECT_EQ(names(facts({1, 300, 6}, 2)), Names{"one2one"});
  EXPECT_EQ(names(facts({1, 100, 6}, 0)), Names{"one2one"});
  EXPECT_EQ(names(facts({1, 84, 8400}, 80)), Names{"one2many"});
  EXPECT_EQ(names(facts({4, 144, 8400}, 80)), Names{"raw"});
  EXPECT_EQ(names(facts({1, 7, 8400}, 3)), Names{"one2many"});
  EXPECT_EQ(names(facts({1, 6, 8400}, 2)), Names{"one2many"}) << "six rows are not six columns";
  EXPECT_EQ(names(facts({1, 84, 1234}, 80)), Names{"one2many"}) << "strides may be unusual";
  EXPECT_EQ(names(facts({1, 8400, 84}, 80)), Names{"one2many"});
  EXPECT_EQ(names(facts({1, 25200, 85}, 80)), Names{"yolov5"});
  EXPECT_EQ(names(facts({1, 25500, 85}, 80)), Names{"yolov5"}) << "four strides";
  EXPECT_EQ(names(facts({1, 85, 25200}, 80)), Names{"yolov5"});
  EXPECT_EQ(names(facts({1, 8400, 85}, 80)), Names{"yolov5"}) << "one anchor a cell, as YOLOv6";
  EXPECT_TRUE(possible_layouts(facts({1, 8400, 84}, 80)).front().anchors_first);
  EXPECT_FALSE(possible_layouts(facts({1, 85, 25200}, 80)).front().anchors_first);
}

TEST(OutputLayout, GridsAreThoseOfTheImage) {
  auto wide = facts({1, 15120, 85}, 80);
  EXPECT_EQ(names(wide), Names{});
  wide.image_size = {384, 640};  // 3 * (48 * 80 + 24 * 40 + 12 * 20)
  EXPECT_EQ(names(wide), Names{"yolov5"});
  auto custom = facts({1, 1600, 6}, 2);
  EXPECT_EQ(names(custom), Names{"one2one"});
  custom.strides = {16};
  EXPECT_EQ(names(custom), (Names{"one2one", "one2many"}));
}

TEST(OutputLayout, ShapesThatLeaveMore) {
  EXPECT_EQ(names(facts({1, 25200, 6}, 1)), (Names{"one2one", "yolov5"}));
  EXPECT_EQ(names(facts({1, 8400, 6}, 1)), (Names{"one2one", "yolov5"}));
  EXPECT_EQ(names(facts({1, 8400, 6}, 2)), (Names{"one2one", "one2many"}));
  EXPECT_EQ(names(facts({1, 84, 8400}, 0)), (Names{"one2many", "raw"}));
  EXPECT_EQ(names(facts({1, 8400, 85}, 0)), (Names{"one2many", "raw", "yolov5"}));
}

TEST(OutputLayout, WordsDecide) {
  EXPECT_EQ(names(facts({1, 25200, 6}, 1, "", true)), Names{"one2one"});
  EXPECT_EQ(names(facts({1, 25200, 6}, 1, "", false)), Names{"yolov5"});
  EXPECT_EQ(names(facts({1, 300, 6}, 80, "", false)), Names{"one2one"}) << "nothing else fits";
  EXPECT_EQ(names(facts({1, 189, 6}, 2, "one2one")), Names{"one2one"});
  EXPECT_EQ(names(facts({1, 777, 85}, 80, "yolov5")), Names{"yolov5"});
  EXPECT_EQ(names(facts({1, 84, 8400}, 80, "yolov5")), Names{});
}

TEST(OutputLayout, ShapesOfOtherNetworksFit) {
  for (const Shape& shape : {Shape{1, 84, 1234}, Shape{1, 300}, Shape{}, Shape{1, 3, 640, 640}}) EXPECT_EQ(names(facts(shape, 0)), Names{});
  EXPECT_EQ(names(facts({1, 85, 8400}, 80)), Names{});
  EXPECT_EQ(names(facts({1, 116, 8400}, 80)), Names{}) << "masks";
}

TEST(OutputLayout, NamesAreChecked) {
  EXPECT_EQ(parse_layout_name("end2end"), "one2one");
  EXPECT_EQ(parse_layout_name("yolov5"), "yolov5");
  expect_error(ErrorKind::usage, {"'v5'", "one2one, one2many, raw, yolov5"}, [] { parse_layout_name("v5"); });
}

const OutputLayout kRanked{OutputKind::one2one, false, true, 1};
const OutputLayout kObjectness{OutputKind::one2many, true, true, 1};
const OutputLayout kRawRows{OutputKind::raw, false, true, 1};

TEST(OutputLayout, ValuesTellRankedRowsFromAnchors) {
  const auto ranked = rows(6, {10, 10, 50, 60, 0.9F, 0, 300, 5, 400, 80, 0.5F, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(layouts_fitting({kRanked, kObjectness}, ranked), std::vector<OutputLayout>{kRanked});
  const auto nothing = rows(6, std::vector<float>(18, 0.0F));
  EXPECT_EQ(layouts_fitting({kRanked, kObjectness}, nothing).size(), 2U) << "nothing tells";
  const auto anchors = rows(6, {320, 200, 50, 60, 0.01F, 0.97F, 500, 5, 40, 80, 0.5F, 0.98F, 7, 9, 10, 10, 0.2F, 0.96F});
  EXPECT_EQ(layouts_fitting({kRanked, kObjectness}, anchors), std::vector<OutputLayout>{kObjectness});
  // Even where every class score is a whole number: boxes are centres, and scores are in no order.
  const auto certain = rows(6, {320, 200, 50, 60, 0.01F, 0, 500, 5, 40, 80, 0.5F, 0});
  EXPECT_EQ(layouts_fitting({kRanked, kObjectness}, certain), std::vector<OutputLayout>{kObjectness});
}

TEST(OutputLayout, ValuesTellScoresFromLogits) {
  std::vector<float> logits(2 * 65, 0.5F);
  EXPECT_TRUE(layouts_fitting({kRawRows}, rows(65, logits)).empty());
  logits[70] = -3;
  EXPECT_EQ(layouts_fitting({kRawRows}, rows(65, logits)).size(), 1U);
}

TEST(OutputLayout, BoxesInPixelsReachOverTheImage) {
  EXPECT_TRUE(has_boxes_in_pixels(kObjectness, rows(6, {320, 200, 50, 60, 0, 0, 600, 5, 40, 80, 0, 0}), 640));
  EXPECT_FALSE(has_boxes_in_pixels(kObjectness, rows(6, {0.5F, 0.3F, 0.1F, 0.1F, 0, 0, 0.99F, 0.1F, 0.1F, 0.1F, 0, 0}), 640));
}

TEST(OutputLayout, StandardFormMultipliesObjectness) {
  const auto output = Tensor::of<float>({2, 2, 7}, {1, 2, 3, 4, 0.5F, 0.5F, 1, 5, 6, 7, 8, 0.25F, 1, 0,  //
                                                    9, 8, 7, 6, 1,    0.5F, 1, 5, 4, 3, 2, 0,     1, 1});
  const auto standard = in_standard_form(output, {OutputKind::one2many, true, true, 2});
  EXPECT_EQ(standard.shape(), (Shape{2, 6, 2}));
  EXPECT_THAT(standard.as<float>(), testing::ElementsAre(1, 5, 2, 6, 3, 7, 4, 8, 0.25F, 0.25F, 0.5F, 0,  //
                                                         9, 5, 8, 4, 7, 3, 6, 2, 0.5F, 0, 1, 0));
}

TEST(OutputLayout, StandardFormTurnsRowsAround) {
  const auto output = rows(5, {1, 2, 3, 4, 0.5F, 5, 6, 7, 8, 0.25F});
  const auto standard = in_standard_form(output, {OutputKind::one2many, false, true, 1});
  EXPECT_EQ(standard.shape(), (Shape{1, 5, 2}));
  EXPECT_THAT(standard.as<float>(), testing::ElementsAre(1, 5, 2, 6, 3, 7, 4, 8, 0.5F, 0.25F));
  EXPECT_EQ(in_standard_form(output, kRanked).shape(), output.shape());
}

}  // namespace
}  // namespace nibble

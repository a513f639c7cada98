// SPDX-License-Identifier: Apache-2.0
#include "calibration/budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/files.h"
#include "calibration/resolve_recipe.h"
#include "nibble/error.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using testing::HasSubstr;

template <class Call>
std::string refusal_of(ErrorKind kind, const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "accepted";
}

TEST(ApplyBudget, ReplacesTheRecipesAndNamesWhatItTurnsOn) {
  Recipe recipe = load_recipe("w4a8");
  apply_budget(recipe, {});
  EXPECT_EQ(recipe.name, "w4a8");
  apply_budget(recipe, {.max_bytes = 1'500'000, .max_drop = {}});
  EXPECT_EQ(recipe.name, "w4a8-mixed");
  EXPECT_EQ(recipe.mixed.max_bytes, 1'500'000);
  recipe = load_recipe("w4a16-mixed");
  apply_budget(recipe, {.max_bytes = {}, .max_drop = 1.5});
  EXPECT_EQ(recipe.name, "w4a16-mixed");
  EXPECT_EQ(recipe.mixed.average_bits, 0);
  EXPECT_EQ(recipe.mixed.max_drop, 1.5);
  EXPECT_EQ(resolved_recipe("w4a16-block32", {"fast", 7, {.max_bytes = 2'000'000, .max_drop = {}}, ""}).mixed.max_bytes, 2'000'000);
}

/// 2 x 8 x 3 x 3 = 144 weights: 72 bytes at 4 bits; kept float, four bytes each.
TEST(CodesFit, AreCountedWithTheRecipesLowBitsAndRules) {
  Graph graph;
  const auto x = graph.add_input("x", {1, 8, 4, 4});
  const auto weight = graph.add_constant("a.weight", Tensor::of<float>({2, 8, 3, 3}, std::vector<float>(144, 1)));
  graph.outputs = {graph.add("a", op::Conv{.padding = {1, 1}}, {x, weight})};
  Recipe recipe = load_recipe("w4a16");
  require_codes_fit(graph, recipe);  // no limit
  recipe.mixed.max_bytes = 72;
  require_codes_fit(graph, recipe);
  recipe.mixed.max_bytes = 71;
  EXPECT_THAT(refusal_of(ErrorKind::input, [&] { require_codes_fit(graph, recipe); }), HasSubstr("72 bytes, 71 were allowed"));
  const auto other = graph.add_constant("b.weight", Tensor::of<float>({2, 8, 1, 1}, std::vector<float>(16, 1)));
  graph.outputs.push_back(graph.add("b", op::Conv{}, {x, other}));
  recipe.mixed.max_bytes = 583;
  recipe.rules = {{.match = "a", .keep_float = true, .weight_bits = {}, .activation_bits = {}}};
  EXPECT_THAT(refusal_of(ErrorKind::input, [&] { require_codes_fit(graph, recipe); }), HasSubstr("584 bytes"));
}

TEST(ApplyBudget, RefusesWhatMakesNoSense) {
  const auto refusal = [](const std::string& name, const BudgetOptions& budget) {
    return refusal_of(ErrorKind::usage, [&] {
      Recipe recipe = load_recipe(name);
      apply_budget(recipe, budget);
    });
  };
  EXPECT_THAT(refusal("w4a16", {.max_bytes = 1, .max_drop = 1}), HasSubstr("one excludes the other"));
  EXPECT_THAT(refusal("w4a16", {.max_bytes = 0, .max_drop = {}}), HasSubstr("--max-size 0"));
  EXPECT_THAT(refusal("w4a16", {.max_bytes = -5, .max_drop = {}}), HasSubstr("--max-size -5"));
  EXPECT_THAT(refusal("w4a16", {.max_bytes = {}, .max_drop = 0}), HasSubstr("--max-drop 0"));
  EXPECT_THAT(refusal("w4a16", {.max_bytes = {}, .max_drop = std::numeric_limits<double>::quiet_NaN()}), HasSubstr("--max-drop nan"));
  EXPECT_THAT(refusal("w8a16", {.max_bytes = 3'000'000, .max_drop = {}}), HasSubstr("w8a16: its weights have 8 bits already"));
}

TEST(RequireUseOf, AJudgeNeedsADrop) {
  Recipe recipe = load_recipe("w4a16-mixed");
  require_use_of({}, recipe);
  EXPECT_THAT(refusal_of(ErrorKind::usage, [&] { require_use_of({"labels.json", "images"}, recipe); }), HasSubstr("--judge labels.json"));
  recipe.mixed.max_drop = 1;
  require_use_of({"labels.json", "images"}, recipe);
}

class OpenJudgeImages : public test::Scratch {
 protected:
  static ModelInfo info() {
    ModelInfo info;
    info.class_names = {{0, "person"}, {1, "car"}};
    return info;
  }
  static std::string assets() { return NIBBLE_SOURCE_DIR "/assets/coco/"; }
  const CalibrationSet calibration_ = open_calibration_set({}, 4);
};

TEST_F(OpenJudgeImages, TakesCalibrationImagesWithoutOthers) {
  const JudgeImages images = open_judge_images({}, calibration_, 0, info());
  EXPECT_FALSE(images.has_labels);
  EXPECT_EQ(images.set.dataset.images.size(), 4U);
  EXPECT_EQ(describe_judge(images),
            "what the float network is sure of in 4 images of assets/coco/train2017, which is stricter than labels");
}

TEST_F(OpenJudgeImages, TakesLabelsWhereThereAreSome) {
  ModelInfo coco = info();
  for (int i = 2; i < 80; ++i) coco.class_names[i] = "class";
  const JudgeOptions judge{assets() + "instances_val2017_32.json", assets() + "val2017"};
  const JudgeImages images = open_judge_images(judge, calibration_, 0, coco);
  EXPECT_TRUE(images.has_labels);
  EXPECT_GT(images.set.dataset.annotations.size(), 32U);
  EXPECT_THAT(describe_judge(images), HasSubstr("the labels of 32 images of"));
  EXPECT_THAT(
      refusal_of(ErrorKind::input, [&] { open_judge_images(judge, calibration_, 0, info()); }),
      HasSubstr("classes do not match: " + judge.data.string() + ": the model knows 2 classes, the annotations have 80 categories"));
}

TEST_F(OpenJudgeImages, SaysWhatIsMissing) {
  const auto coco = assets() + "instances_val2017_32.json";
  EXPECT_THAT(refusal_of(ErrorKind::usage, [&] { open_judge_images({coco, {}}, calibration_, 0, info()); }), HasSubstr("--judge-images"));
  EXPECT_THAT(refusal_of(ErrorKind::input,
                         [&] {
                           open_judge_images({folder() / "absent", {}}, calibration_, 0, info());
                         }),
              HasSubstr("absent"));
}

TEST(BudgetDocument, HoldsWhatWasAllowedTriedAndChosen) {
  Recipe recipe = load_recipe("w4a16");
  apply_budget(recipe, {.max_bytes = {}, .max_drop = 1.5});
  const Json document = budget_document(recipe, {{3, 4.25, NAN}, {{4, 2}, {4.25, 1.5}}, "labels"});
  EXPECT_EQ(document.at("max_drop"), 1.5);
  EXPECT_EQ(document.at("judge"), "labels");
  EXPECT_EQ(document.at("chosen").at("raised"), 3);
  EXPECT_EQ(document.at("trials").at(1).at("drop"), 1.5);
  EXPECT_FALSE(document.contains("max_bytes") || document.contains("average_bits"));
  EXPECT_EQ(Json::parse(document.dump()).at("chosen").at("damage"), nullptr);
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "quant/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/files.h"
#include "nibble/error.h"
#include "quant/preset.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using testing::HasSubstr;

Recipe parse(const std::string& json) { return parse_recipe(Json::parse(json), "test.yaml"); }

std::string refusal_of(const std::string& json) {
  try {
    parse(json);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "accepted";
}

TEST(Recipe, OnlyTheNameIsNeeded) {
  const auto recipe = parse(R"({"name": "x"})");
  EXPECT_EQ(recipe.weights.bits, 4);
  EXPECT_EQ(recipe.weights.granularity, Granularity::channel);
  EXPECT_EQ(recipe.activations.bits, 0);
  EXPECT_TRUE(recipe.rules.empty());
}

TEST(Recipe, EverySettingArrives) {
  const auto recipe = parse(R"({"name": "x",
    "weights": {"bits": 3, "granularity": "tensor", "narrow": true, "scale_search": "mse", "rounding": "nearest",
                "damping": 0.5, "error_propagation": true},
    "activations": {"bits": 8, "range": "percentile", "percentile": 99.5, "symmetric": true},
    "rules": [{"match": "model.0.*", "keep_float": true}, {"match": "*", "weight_bits": 8, "activation_bits": 0}],
    "calibration": {"images": 7, "views": 3, "batch": 2}, "bias_correction": false, "fp16_files": false, "gates": {"max_map_drop": 0.25}})");
  EXPECT_EQ(recipe.weights.bits, 3);
  EXPECT_EQ(recipe.weights.granularity, Granularity::tensor);
  EXPECT_TRUE(recipe.weights.narrow);
  EXPECT_EQ(recipe.weights.scale_search, ScaleSearch::mse);
  EXPECT_EQ(recipe.weights.rounding, Rounding::nearest);
  EXPECT_EQ(recipe.weights.damping, 0.5);
  EXPECT_TRUE(recipe.weights.error_propagation);
  EXPECT_EQ(recipe.activations.bits, 8);
  EXPECT_EQ(recipe.activations.range, RangeMethod::percentile);
  EXPECT_EQ(recipe.activations.percentile, 99.5);
  EXPECT_TRUE(recipe.activations.symmetric);
  ASSERT_EQ(recipe.rules.size(), 2U);
  EXPECT_EQ(recipe.rules[0].match, "model.0.*");
  EXPECT_TRUE(recipe.rules[0].keep_float);
  EXPECT_FALSE(recipe.rules[0].weight_bits.has_value());
  EXPECT_EQ(recipe.rules[1].weight_bits, 8);
  EXPECT_EQ(recipe.rules[1].activation_bits, 0);
  EXPECT_EQ(recipe.calibration.images, 7);
  EXPECT_EQ(views_wanted(recipe), 3);
  EXPECT_EQ(recipe.calibration.batch, 2);
  EXPECT_FALSE(recipe.bias_correction);
  EXPECT_FALSE(recipe.fp16_files);
  EXPECT_EQ(recipe.max_map_drop, 0.25);
}

TEST(Recipe, BlocksHaveASize) {
  const auto recipe = parse(R"({"name": "x", "weights": {"granularity": "block", "block": 16}})");
  EXPECT_EQ(recipe.weights.granularity, Granularity::block);
  EXPECT_EQ(recipe.weights.block, 16);
}

TEST(Recipe, ResolvedFormReadsBackAsTheSame) {
  for (const std::string name : {"w8a16", "w8a8", "w4a16", "w4a8"}) {
    const auto recipe = load_recipe(name);
    EXPECT_EQ(recipe.name, name);
    EXPECT_EQ(to_json(parse_recipe(to_json(recipe), "resolved")), to_json(recipe));
  }
}

TEST(Recipe, ShippedOnesAreWhatTheirNamesSay) {
  EXPECT_EQ(load_recipe("w8a16").weights.bits, 8);
  EXPECT_EQ(load_recipe("w8a8").activations.bits, 8);
  EXPECT_EQ(load_recipe("w4a16").weights.bits, 4);
  EXPECT_EQ(load_recipe("w4a16").activations.bits, 0);
  EXPECT_EQ(load_recipe("w4a8").activations.bits, 8);
  EXPECT_EQ(load_recipe("w4a16-tensor").weights.granularity, Granularity::tensor);
  EXPECT_TRUE(load_recipe("w4a16-symmetric").weights.symmetric);
  EXPECT_TRUE(load_recipe("w4a8-symmetric").weights.symmetric && load_recipe("w4a8-symmetric").activations.symmetric);
}

TEST(Preset, SaysHowMuchWorkWhereTheRecipeDoesNot) {
  Recipe recipe;
  apply_preset(recipe, "fast");
  EXPECT_EQ(recipe.mixed.images, 4);
  EXPECT_LT(*recipe.calibration.images, kCalibrationImages);
  apply_preset(recipe, "default");
  EXPECT_EQ(recipe.mixed.images, 4);  // set already
  EXPECT_EQ(views_wanted(recipe), 1);
  EXPECT_THROW(apply_preset(recipe, "slow"), Error);
}

TEST(Preset, BestTrainsWhatHasFewBits) {
  Recipe recipe;
  EXPECT_TRUE(trains("best", recipe));
  apply_preset(recipe, "best");
  EXPECT_EQ(views_wanted(recipe), 2);
  EXPECT_FALSE(trains("default", recipe));
  recipe.weights.bits = 8;
  EXPECT_FALSE(trains("best", recipe));
}

TEST(Recipe, MixedBitsAreMeasuredOnAtLeastOneImage) {
  const auto written = [](const std::string& text) { return to_json(parse_recipe(Json::parse(text), "test"))["mixed"]["images"]; };
  EXPECT_EQ(written(R"({"name": "x"})"), kMixedImages);
  EXPECT_EQ(written(R"({"name": "x", "mixed": {"images": 1}})"), 1);
  EXPECT_THAT(refusal_of(R"({"name": "x", "mixed": {"images": 0}})"), HasSubstr("mixed.images: 0 is not allowed"));
}

TEST(Recipe, MixedIsABudget) { EXPECT_EQ(load_recipe("w4a16-mixed").mixed.average_bits, 4.5); }

TEST(Recipe, ABudgetMayBeBytesOrPoints) {
  const Recipe bytes = parse(R"({"name": "x", "mixed": {"max_bytes": 1500000}})");
  EXPECT_EQ(bytes.mixed.max_bytes, 1'500'000);
  EXPECT_TRUE(bytes.mixed.is_on());
  EXPECT_EQ(to_json(parse_recipe(to_json(bytes), "resolved")), to_json(bytes));
  EXPECT_EQ(parse(R"({"name": "x", "mixed": {"max_drop": 0.75}})").mixed.max_drop, 0.75);
  EXPECT_FALSE(parse(R"({"name": "x", "mixed": {"max_drop": 0, "max_bytes": 0}})").mixed.is_on());
}

TEST(Recipe, BudgetsThatMakeNoSenseAreRefused) {
  const auto refusal = [](const std::string& mixed) { return refusal_of(R"({"name": "x", "mixed": )" + mixed + "}"); };
  EXPECT_THAT(refusal(R"({"average_bits": 4.5, "max_bytes": 1500000})"), HasSubstr("one budget: average_bits, max_bytes or max_drop"));
  EXPECT_THAT(refusal(R"({"max_drop": 1, "max_bytes": 1500000})"), HasSubstr("one budget"));
  EXPECT_THAT(refusal(R"({"max_bytes": -1})"), HasSubstr("mixed.max_bytes: -1"));
  EXPECT_THAT(refusal(R"({"max_bytes": "1.5MB"})"), HasSubstr("mixed.max_bytes: \"1.5MB\""));
  EXPECT_THAT(refusal(R"({"max_bytes": 1.5e6})"), HasSubstr("a whole number"));
  EXPECT_THAT(refusal(R"({"max_drop": -0.5})"), HasSubstr("mixed.max_drop: -0.5"));
  EXPECT_THAT(refusal(R"({"max_drop": 101})"), HasSubstr("from 0 to 100"));
  EXPECT_THAT(refusal_of(R"({"name": "x", "weights": {"bits": 8}, "mixed": {"max_drop": 1}})"),
              HasSubstr("mixed.high_bits: 8 is not allowed; expected more than the 8 bits of weights.bits"));
}

TEST(Recipe, ATrellisHasItsConditions) {
  const auto refusal = [](const std::string& rest) { return refusal_of(R"({"name": "x", "weights": {"code": "trellis")" + rest); };
  EXPECT_EQ(parse(R"({"name": "x", "weights": {"bits": 3, "code": "trellis"}})").weights.code, WeightCode::trellis);
  EXPECT_THAT(refusal(R"(, "bits": 6}})"), HasSubstr("weights.bits: 6 is not allowed; expected 3, 4 or 5 with code: trellis"));
  EXPECT_THAT(refusal(R"(, "granularity": "block"}})"), HasSubstr("weights.granularity: \"block\""));
  EXPECT_THAT(refusal(R"(, "rounding": "nearest"}})"), HasSubstr("gptq with code: trellis"));
  EXPECT_THAT(refusal(R"(}, "distillation": {"code_rate": 0.001}})"), HasSubstr("distillation.code_rate"));
}

TEST(Recipe, NoNumberIsNoBudget) {
  Json json = {{"name", "x"}, {"mixed", {{"max_drop", NAN}}}};
  EXPECT_THROW(parse_recipe(json, "test.yaml"), Error);
}

TEST(Recipe, UnknownKeysNameFilePathAndWhatIsKnown) {
  EXPECT_THAT(refusal_of(R"({"name": "x", "weights": {"bit": 4}})"), HasSubstr("test.yaml: weights.bit: no such key; known keys are bits"));
  EXPECT_THAT(refusal_of(R"({"name": "x", "weights": {"bit": 4}})"), HasSubstr("did you mean 'bits'?"));
  EXPECT_THAT(refusal_of(R"({"name": "x", "extra": 4})"), HasSubstr("test.yaml: extra"));
  EXPECT_THAT(refusal_of(R"({"name": "x", "rules": [{"match": "*"}, {"math": "*"}]})"), HasSubstr("rules[1].math"));
}

TEST(Recipe, WrongValuesNamePathValueAndWhatIsAllowed) {
  EXPECT_THAT(refusal_of(R"({"name": "x", "weights": {"bits": 9}})"),
              HasSubstr("weights.bits: 9 is not allowed; expected a whole number from 2 to 8"));
  EXPECT_THAT(refusal_of(R"({"name": "x", "weights": {"bits": "4"}})"), HasSubstr("weights.bits: \"4\""));
  EXPECT_THAT(refusal_of(R"({"name": "x", "weights": {"bits": 4.5}})"), HasSubstr("weights.bits"));
  EXPECT_THAT(refusal_of(R"({"name": "x", "weights": {"block": 8}})"), HasSubstr("16 or 32"));
  EXPECT_THAT(refusal_of(R"({"name": "x", "activations": {"bits": 4}})"), HasSubstr("0 (float activations) or 8"));
  EXPECT_THAT(refusal_of(R"({"name": "x", "weights": {"rounding": "best"}})"), HasSubstr("one of nearest, gptq"));
  EXPECT_THAT(refusal_of(R"({"name": "x", "weights": {"narrow": 1}})"), HasSubstr("true or false"));
  EXPECT_THAT(refusal_of(R"({"name": "x", "weights": 4})"), HasSubstr("weights: 4 is not allowed; expected a mapping"));
  EXPECT_THAT(refusal_of(R"({"name": "x", "rules": [{"keep_float": true}]})"), HasSubstr("'match'"));
  EXPECT_THAT(refusal_of(R"({"name": "x", "calibration": {"images": 0}})"), HasSubstr("calibration.images"));
  EXPECT_THAT(refusal_of(R"({"name": "../x"})"), HasSubstr("name"));
  EXPECT_THAT(refusal_of(R"({})"), HasSubstr("'name'"));
  EXPECT_THAT(refusal_of(R"([])"), HasSubstr("a mapping"));
}

TEST(Recipe, AnUnknownNameListsTheShippedOnes) {
  try {
    load_recipe("w5a5");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), HasSubstr("w4a16, "));
  }
}

TEST(Recipe, SeveralInThePlaceOfOneAreToldWhereTheyAreTaken) {
  test::expect_error(ErrorKind::usage, {"w4a16,w4a8: one recipe is expected here; nibble run --recipes w4a16,w4a8 takes several"},
                     [] { load_recipe("w4a16,w4a8"); });
}

TEST(Recipe, AFileMayBeNamed) {
  const auto path = test::process_folder() / "nibble_recipe_test.yaml";
  write_file(path, "name: mine\nweights: {bits: 5}\n");
  EXPECT_EQ(load_recipe(path.string()).weights.bits, 5);
  std::filesystem::remove(path);
}

/// Line and column, as editors and compilers write them, in YAML and in JSON.
TEST(Recipe, AFileIsNamedWithLineAndColumn) {
  const auto folder = test::process_folder();
  const auto refusal_in = [&](const std::string& name, const std::string& text) -> std::string {
    write_file(folder / name, text);
    try {
      load_recipe((folder / name).string());
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal_in("a.yaml", "name: mine\nweights:\n  bits: 9\n"), HasSubstr("bad setting: a.yaml:3:3: weights.bits: 9 is not"));
  EXPECT_THAT(refusal_in("a.yaml", "name: mine\nweights: {bits: 4, bitz: 5}\n"),
              HasSubstr("unknown setting: a.yaml:2:20: weights.bitz: no such key"));
  EXPECT_THAT(refusal_in("a.yaml", "name: mine\nrules:\n  - {match: a}\n  - {keep_float: true}\n"), HasSubstr("a.yaml:4:5: rules[1]: "));
  EXPECT_THAT(refusal_in("a.yaml", "weights: {bits: 4}\n"), HasSubstr("a.yaml: the whole file"));
  EXPECT_THAT(refusal_in("a.yaml", "name: mine\nweights: {bits: 4\nrules: 5\n"), HasSubstr("a.yaml:3:"));
  EXPECT_THAT(refusal_in("a.json", "{\"name\": \"mine\",\n \"weights\": {\"bits\": 9}}\n"), HasSubstr("a.json:2:14: weights.bits: 9"));
}

TEST(Glob, StarsQuestionMarksAndNothingElse) {
  EXPECT_TRUE(matches("model.4.*", "model.4.cv1.conv"));
  EXPECT_FALSE(matches("model.4.*", "model.40"));
  EXPECT_TRUE(matches("*conv", "model.4.conv.conv"));
  EXPECT_TRUE(matches("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(matches("a*b*c", "a-b-b-"));
  EXPECT_TRUE(matches("model.?.conv", "model.4.conv"));
  EXPECT_FALSE(matches("model.?.conv", "model.44.conv"));
  EXPECT_FALSE(matches("model.[4].conv", "model.4.conv"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_FALSE(matches("?", ""));
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "report/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nibble {
namespace {
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

ArtifactReport artifact(const std::string& name, const std::string& recipe, std::int64_t bytes, std::optional<double> map,
                        std::optional<double> time_ratio) {
  ArtifactReport result;
  result.name = name;
  result.recipe = recipe;
  result.path = "onnx/y-" + name + ".onnx";
  result.bytes = bytes;
  result.loads = result.finite = true;
  if (map) result.score = Score{Task::detect, *map, 0.6, {}, 100, {}, {"CPUExecutionProvider"}, ""};
  if (time_ratio) {
    result.runtime.emplace();
    result.runtime->time_ratio = time_ratio;
  }
  return result;
}

/// A float file of 9 MB at 0.4; w4a16 at 0.38 with an INT4 twin of 2 MB and one of 1.5 MB that rounds otherwise; w4a8 at 0.35, fast.
Report report() {
  Report result;
  result.status = "done";
  result.artifacts = {
      artifact("baseline-fp32", "", 9'000'000, 0.4, 1.0),          artifact("w4a16-qcdq-ptq-opt", "w4a16", 3'000'000, 0.38, 1.5),
      artifact("w4a16-int4-ptq", "w4a16", 2'000'000, {}, 1.4),     artifact("w4a16-int4-ptq-fp16", "w4a16", 1'500'000, {}, {}),
      artifact("w4a8-qcdq-ptq-opt", "w4a8", 3'100'000, 0.35, 1.6), artifact("w4a8-integer-ptq", "w4a8", 3'200'000, 0.34, 0.7)};
  result.recipes = {{"w4a16", 0.1, 100, 7, {}, {}}, {"w4a8", 0.1, 100, 7, {}, {}}};
  result.twins = {{"w4a16", "w4a16-int4-ptq", "w4a16-qcdq-ptq-opt", 7, 10, 10, true, "", Parity{"against", 0, 0, true}},
                  {"w4a16", "w4a16-int4-ptq-fp16", "w4a16-int4-ptq", 7, 10, 0, true, "", Parity{"against", 1e-4, 0.1, false}}};
  return result;
}

Recommendation find(const Verdict& verdict, const std::string& purpose) {
  for (const auto& row : verdict.recommendations)
    if (row.purpose == purpose) return row;
  ADD_FAILURE() << purpose;
  return {};
}

TEST(Verdict, NamesAFileForEachPurpose) {
  const auto verdict = verdict_of(report());
  const auto small = find(verdict, "smallest");
  EXPECT_EQ(small.artifact, "w4a16-int4-ptq");  // the smaller one was measured by nobody
  EXPECT_EQ(small.path, "onnx/y-w4a16-int4-ptq.onnx");
  EXPECT_EQ(
      small.reason,
      "2.00 MB, 4.50 times smaller than float; mAP 50-95 0.3800, 0.0200 below float, measured on w4a16-qcdq-ptq-opt, whose outputs are "
      "the same.");
  EXPECT_EQ(find(verdict, "fastest in ONNX Runtime").artifact, "w4a8-integer-ptq");
  EXPECT_THAT(find(verdict, "fastest in ONNX Runtime").reason, HasSubstr("takes 0.70 of the float file's time; mAP 50-95 0.3400"));
  EXPECT_EQ(find(verdict, "most accurate").artifact, "w4a16-int4-ptq");  // as accurate as its twin, and smaller
  const auto other = find(verdict, "TensorRT, Brevitas and other readers of Q/DQ");
  EXPECT_EQ(other.artifact, "w4a16-qcdq-ptq-opt");
  EXPECT_THAT(other.reason, HasSubstr("only, a byte for each weight; mAP 50-95 0.3800, 0.0200 below float; "));
  EXPECT_THAT(other.reason, HasSubstr("times smaller than float; TensorRT takes"));
  EXPECT_THAT(other.reason, HasSubstr("-symmetric"));
}

TEST(Verdict, SaysThatNothingIsFaster) {
  auto slow = report();
  slow.artifacts.back().runtime->time_ratio = 1.3;
  const auto row = find(verdict_of(slow), "fastest in ONNX Runtime");
  EXPECT_EQ(row.artifact, "baseline-fp32");
  EXPECT_THAT(row.reason, HasSubstr("the best of them, w4a8-integer-ptq, takes 1.30"));
  slow.artifacts.back().runtime->time_ratio = 1.02;
  EXPECT_THAT(find(verdict_of(slow), "fastest in ONNX Runtime").reason, HasSubstr("as fast as the float file (1.02 of its time)"));
}

TEST(Verdict, RecommendsNoFileThatLosesTooMuch) {
  auto lossy = report();
  for (auto& recipe : lossy.recipes) recipe.max_map_drop = 0.03;
  for (const auto& row : verdict_of(lossy).recommendations) EXPECT_THAT(row.artifact, Not(HasSubstr("w4a8"))) << row.purpose;
  for (auto& recipe : lossy.recipes) recipe.max_map_drop = 0.01;
  const auto verdict = verdict_of(lossy);
  ASSERT_EQ(verdict.recommendations.size(), 1U);
  EXPECT_EQ(verdict.recommendations[0].artifact, "");
  EXPECT_THAT(verdict.recommendations[0].reason, AllOf(HasSubstr("loses 0.0200 of mAP 50-95 0.4000"), HasSubstr("0.0100 is allowed")));
}

GateResult gate(const std::string& name, const std::string& subject, bool passed, bool undecided = false, std::int64_t images_needed = 0) {
  return {name, subject, passed, "found against allowed", undecided, images_needed};
}

TEST(Verdict, RecommendsNoFileThatFailedAGateAndNamesIt) {
  auto judged = report();
  judged.gates = {gate("artifact_loads", "baseline-fp32", true), gate("twins_equal", "w4a16-int4-ptq", false)};
  const auto verdict = verdict_of(judged);
  for (const auto& row : verdict.recommendations) EXPECT_NE(row.artifact, "w4a16-int4-ptq") << row.purpose;
  const auto small = find(verdict, "smallest");
  EXPECT_EQ(small.artifact, "w4a16-qcdq-ptq-opt");
  EXPECT_EQ(small.reason,
            "3.00 MB, 3.00 times smaller than float; mAP 50-95 0.3800, 0.0200 below float; w4a16-int4-ptq is smaller, but failed the gate "
            "twins_equal.");
  EXPECT_THAT(find(verdict, "most accurate").reason, Not(HasSubstr("failed"))) << "it would be as accurate, not more";
}

TEST(Verdict, AGateOnARecipeIsOneOnItsFiles) {
  auto judged = report();
  judged.gates = {gate("no_layer_skipped", "w4a16", false)};
  const auto verdict = verdict_of(judged);
  EXPECT_EQ(find(verdict, "smallest").artifact, "w4a8-qcdq-ptq-opt");
  EXPECT_THAT(find(verdict, "most accurate").reason, HasSubstr("; w4a16-int4-ptq is more accurate, but failed the gate no_layer_skipped."));
}

TEST(Verdict, WhereAllFailedAGateItSaysWhich) {
  auto judged = report();
  judged.gates = {gate("min_map", "w4a16-qcdq-ptq-opt", false), gate("min_map", "w4a8-qcdq-ptq-opt", false),
                  gate("mAP_50 difference", "w4a8-integer-ptq", false)};
  const auto verdict = verdict_of(judged);
  ASSERT_EQ(verdict.recommendations.size(), 1U);
  EXPECT_EQ(verdict.recommendations[0].reason,
            "every quantised file failed a gate; the best, w4a16-int4-ptq, failed the gate min_map (found against allowed).")
      << "the INT4 file has the outputs of the scored one, and so its score";
}

TEST(Verdict, BytesOfAFileAreNotItsTwins) {
  auto judged = report();
  judged.gates = {gate("bytes ratio", "w4a16-qcdq-ptq-opt", false)};
  EXPECT_EQ(find(verdict_of(judged), "smallest").artifact, "w4a16-int4-ptq");
}

TEST(Verdict, SaysWhereTheEvidenceIsNotEnough) {
  auto judged = report();
  judged.gates = {gate("map_drop", "w4a16-qcdq-ptq-opt", false, true, 400)};
  const auto row = find(verdict_of(judged), "smallest");
  EXPECT_EQ(row.artifact, "w4a16-int4-ptq");
  EXPECT_THAT(row.reason, HasSubstr("; not enough evidence for the gate map_drop, about 400 images would decide."));
}

TEST(Verdict, ARunsGateMayAllowMoreThanTheRecipe) {
  auto judged = report();
  judged.recipes[0].max_map_drop = judged.recipes[1].max_map_drop = 0.01;
  judged.gates = {gate("map_drop", "w4a16-qcdq-ptq-opt", true)};
  EXPECT_EQ(find(verdict_of(judged), "smallest").artifact, "w4a16-int4-ptq");
  EXPECT_EQ(find(verdict_of(judged), "most accurate").artifact, "w4a16-int4-ptq");
}

TEST(Verdict, RecommendsNothingThatWasNotMeasured) {
  EXPECT_TRUE(verdict_of({}).recommendations.empty());
  auto blind = report();
  blind.artifacts[0].score->main = 0;
  EXPECT_THAT(verdict_of(blind).recommendations, ElementsAre(Field(&Recommendation::purpose, "none yet")));
  auto broken = report();
  for (auto& row : broken.artifacts) row.finite = row.recipe.empty();
  EXPECT_THAT(verdict_of(broken).recommendations, ElementsAre(Field(&Recommendation::reason, "no quantised file was scored.")));
}

TEST(Verdict, TellsLossesInWords) {
  auto seen = report();
  auto& first = seen.artifacts[1].blame.emplace();
  first.objects = 140, first.found = 126, first.faded = 12, first.wrong_class = 1, first.missed = 1, first.extra = 3;
  auto& second = seen.artifacts[4].blame.emplace();
  second.objects = second.found = 1;
  const auto verdict = verdict_of(seen);
  ASSERT_EQ(verdict.losses.size(), 2U);
  EXPECT_EQ(verdict.losses[0].sentence,
            "Of 140 objects that the float model sees, 126 are found again, 12 fell below the confidence of 0.25, 1 was taken for another "
            "class and 1 was missed. 3 objects are new.");
  EXPECT_EQ(verdict.losses[1].sentence, "Of 1 object that the float model sees, 1 is found again.");
}

TEST(Verdict, IsTheSameAsTextAndJson) {
  const auto verdict = verdict_of(report());
  EXPECT_THAT(verdict_markdown(verdict), HasSubstr("- **smallest**: `onnx/y-w4a16-int4-ptq.onnx`: 2.00 MB, "));
  const auto json = to_json(verdict);
  EXPECT_EQ(json.at("recommendations").at(0).at("artifact"), "w4a16-int4-ptq");
  EXPECT_EQ(to_json(Verdict{{{"none yet", "", "", "why"}}, {}}).at("recommendations").at(0).at("path"), nullptr);
  EXPECT_EQ(verdict_markdown({}), "");
}

}  // namespace
}  // namespace nibble

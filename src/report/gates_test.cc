// SPDX-License-Identifier: Apache-2.0
#include "report/gates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "nibble/error.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using testing::HasSubstr;

ArtifactReport artifact(const std::string& name, const std::string& recipe, std::optional<double> map) {
  ArtifactReport result;
  result.name = name;
  result.recipe = recipe;
  result.loads = result.finite = true;
  if (map) result.score = Score{Task::detect, *map, *map, {}, 32, {}, {}, ""};
  return result;
}

Report good_report() {
  Report report;
  report.artifacts = {artifact("baseline-fp32", "", 0.48), artifact("w4a16-qcdq-ptq-opt", "w4a16", 0.42),
                      artifact("w4a16-int4-ptq", "w4a16", std::nullopt)};
  report.recipes = {{"w4a16", 0.07, 32, 82, {"model.23.dfl.conv: box decode"}, {}}};
  return report;
}

GateResult find(const std::vector<GateResult>& gates, const std::string& gate, const std::string& subject) {
  const auto found = std::find_if(gates.begin(), gates.end(), [&](const auto& row) { return row.gate == gate && row.subject == subject; });
  EXPECT_NE(found, gates.end()) << gate << " " << subject;
  return found == gates.end() ? GateResult{} : *found;
}

TEST(Gates, AGoodReportPassesAll) {
  const auto gates = check_gates(good_report(), {});
  EXPECT_EQ(gates.size(), 3U * 2 + 1 + 1);
  EXPECT_EQ(gates_document(gates)["passed"], true);
  EXPECT_EQ(gates_document(gates, "interrupted")["passed"], nullptr);
}

TEST(Gates, ADropBeyondTheRecipesLimitFails) {
  auto report = good_report();
  report.artifacts[1].score->main = 0.40;
  const auto gate = find(check_gates(report, {}), "map_drop", "w4a16-qcdq-ptq-opt");
  EXPECT_FALSE(gate.passed);
  EXPECT_THAT(gate.detail, HasSubstr("0.4000 is 0.0800 below the baseline's 0.4800 (allowed 0.0700 below)"));
}

TEST(Gates, AGainPasses) {
  auto report = good_report();
  report.artifacts[1].score->main = 0.5;
  const auto gate = find(check_gates(report, {}), "map_drop", "w4a16-qcdq-ptq-opt");
  EXPECT_TRUE(gate.passed);
  EXPECT_THAT(gate.detail, HasSubstr("0.5000 is 0.0200 above the baseline's 0.4800 (allowed 0.0700 below)"));
}

TEST(Gates, UndefinedNumbersFail) {
  auto report = good_report();
  report.artifacts[0].score->main = -1;
  EXPECT_FALSE(find(check_gates(report, {}), "map_drop", "w4a16-qcdq-ptq-opt").passed);
  report.artifacts[0].score.reset();
  EXPECT_FALSE(find(check_gates(report, {}), "map_drop", "w4a16-qcdq-ptq-opt").passed);
}

TEST(Gates, AFileThatDoesNotLoadFailsWithItsReason) {
  auto report = good_report();
  report.artifacts[2].loads = report.artifacts[2].finite = false;
  report.artifacts[2].problem = "no kernel for DequantizeLinear(21)";
  const auto gates = check_gates(report, {});
  EXPECT_FALSE(find(gates, "artifact_loads", "w4a16-int4-ptq").passed);
  EXPECT_FALSE(find(gates, "outputs_finite", "w4a16-int4-ptq").passed);
  EXPECT_THAT(find(gates, "artifact_loads", "w4a16-int4-ptq").detail, HasSubstr("no kernel"));
  EXPECT_EQ(gates_document(gates)["passed"], false);
}

TEST(Gates, OutputsThatMustBeEqualFailOnAnyDifference) {
  auto report = good_report();
  report.artifacts[1].parity = {{"optimisations on against off", 0.5, 3, false}, {"before clean-up", 0, 0, true}};
  EXPECT_TRUE(find(check_gates(report, {}), "outputs_equal", "w4a16-qcdq-ptq-opt").passed);
  report.artifacts[1].parity[1].max_box_px = 1e-6;
  EXPECT_FALSE(find(check_gates(report, {}), "outputs_equal", "w4a16-qcdq-ptq-opt").passed);
  report.artifacts[1].parity[1].max_box_px = std::nan("");
  EXPECT_FALSE(find(check_gates(report, {}), "outputs_equal", "w4a16-qcdq-ptq-opt").passed);
}

/// Two sessions with equal weights differ by a rounding of their probabilities, detectors not at all.
TEST(Gates, ProbabilitiesOfClassifiersMayDifferByAMillionth) {
  auto report = good_report();
  report.artifacts[1].parity = {{"before clean-up", 3e-8, 0, true}};
  EXPECT_FALSE(find(check_gates(report, {}), "outputs_equal", "w4a16-qcdq-ptq-opt").passed);
  report.task = Task::classify;
  EXPECT_TRUE(find(check_gates(report, {}), "outputs_equal", "w4a16-qcdq-ptq-opt").passed);
  EXPECT_THAT(find(check_gates(report, {}), "outputs_equal", "w4a16-qcdq-ptq-opt").detail,
              HasSubstr("probabilities differ by 3e-08 (allowed 1e-06)"));
  report.artifacts[1].parity[0].max_score = 2e-6;
  EXPECT_FALSE(find(check_gates(report, {}), "outputs_equal", "w4a16-qcdq-ptq-opt").passed);
  report.artifacts[1].parity[0].max_score = std::nan("");
  EXPECT_FALSE(find(check_gates(report, {}), "outputs_equal", "w4a16-qcdq-ptq-opt").passed);
}

TEST(Gates, ASkippedLayerFailsUnlessAllowed) {
  auto report = good_report();
  report.recipes[0].skipped_layers = {"model.0.conv: singular Hessian"};
  EXPECT_FALSE(find(check_gates(report, {}), "no_layer_skipped", "w4a16").passed);
  EXPECT_THAT(find(check_gates(report, {}), "no_layer_skipped", "w4a16").detail, HasSubstr("model.0.conv: singular Hessian"));
  GateLimits limits;
  limits.max_skipped_layers = 1;
  EXPECT_TRUE(find(check_gates(report, limits), "no_layer_skipped", "w4a16").passed);
  report.recipes[0].quantized_layers = 0;
  EXPECT_FALSE(find(check_gates(report, limits), "no_layer_skipped", "w4a16").passed);
}

TEST(Gates, LayersRoundedWithLessHaveTheirOwnLimit) {
  auto report = good_report();
  report.recipes[0].rounded_with_less = {"model.0.conv: diagonal instead of gptq"};
  EXPECT_TRUE(find(check_gates(report, {}), "no_layer_skipped", "w4a16").passed);
  const auto failed = find(check_gates(report, {}), "layers_rounded_with_less", "w4a16");
  EXPECT_FALSE(failed.passed);
  EXPECT_THAT(failed.detail, HasSubstr("1 layers rounded with less information than the recipe says (allowed 0): model.0.conv: diagonal"));
  GateLimits limits;
  limits.layers_rounded_with_less = 1;
  EXPECT_TRUE(find(check_gates(report, limits), "layers_rounded_with_less", "w4a16").passed);
}

TEST(Gates, BadDataIsJudgedWhereALimitIsSet) {
  Report report;
  report.bad_data = {"scoring: image: a.jpg: cut"};
  EXPECT_TRUE(check_gates(report, {}).empty());
  GateLimits limits;
  limits.bad_data = 0;
  const auto gates = check_gates(report, limits);
  ASSERT_EQ(gates.size(), 1U);
  EXPECT_EQ(gates[0].gate, "bad_data");
  EXPECT_FALSE(gates[0].passed);
  EXPECT_THAT(gates[0].detail, HasSubstr("a.jpg"));
  limits.bad_data = 1;
  EXPECT_TRUE(check_gates(report, limits)[0].passed);
}

class GateFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  GateLimits read(const std::string& text) {
    write_file(path_, text);
    return read_gate_limits(path_);
  }
  std::filesystem::path path_ = test::process_folder() / "nibble_gates_test.yaml";
};

TEST_F(GateFile, ReplacesTheRecipesLimits) {
  auto report = good_report();
  EXPECT_FALSE(find(check_gates(report, read("max_map_drop: {w4a16: 0.05}\n")), "map_drop", "w4a16-qcdq-ptq-opt").passed);
  EXPECT_FALSE(find(check_gates(report, read("min_map: {baseline: 0.5}\n")), "min_map", "baseline-fp32").passed);
  EXPECT_TRUE(find(check_gates(report, read("{\"min_map\": {\"w4a16\": 0.4}}")), "min_map", "w4a16-qcdq-ptq-opt").passed);
}

TEST_F(GateFile, AllowsLayersRoundedWithLess) {
  EXPECT_EQ(read("layers_rounded_with_less: 3\n").layers_rounded_with_less, 3);
  EXPECT_EQ(read("{}\n").layers_rounded_with_less, 0);
}

TEST_F(GateFile, NamesValuesThatAreNoUtf8) {
  for (const auto* text : {"max_map_drop: \"a\x8c\"\n", "gates: [{metric: \"a\x8c\", at_least: 0}]\n"}) try {
      read(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      EXPECT_THAT(error.what(), HasSubstr("a\xEF\xBF\xBD")) << "the replacement character";
    }
}

TEST_F(GateFile, RefusesWhatItDoesNotKnow) {
  for (const auto* text : {"max_drop: 1\n", "max_map_drop: 0.1\n", "max_map_drop: {w4a16: 2}\n", "max_skipped_layers: -1\n",
                           "layers_rounded_with_less: x\n", "- 1\n"}) {
    try {
      read(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      EXPECT_THAT(error.what(), HasSubstr(path_.string()));
    }
  }
}

TEST(ShortenedList, NamesThreeAndCountsTheRest) {
  EXPECT_EQ(shortened_list({"a", "b", "c"}, "; "), "a; b; c");
  EXPECT_EQ(shortened_list({"a", "b", "c", "d", "e"}, "; "), "a; b; c; and 2 more");
  EXPECT_EQ(shortened_list({}, "; "), "");
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "report/metric_gates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "report/evidence.h"
#include "report/gates.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using testing::HasSubstr;

Report report() {
  Report report;
  report.resamples = 1000;
  ArtifactReport baseline;
  baseline.name = "baseline-fp32";
  baseline.bytes = 9'000'000;
  auto& score = baseline.score.emplace();
  score.main = 0.48;
  score.second = 0.63;
  score.images = 100;
  score.latency = Latency{40, 40, 44, 25, 50};
  baseline.score->numbers = {{"mAP_50_95", 0.48}, {"mAP_50", 0.63}};
  baseline.score->intervals = {{"mAP_50_95", {0.44, 0.52}}, {"mAP_50", {0.58, 0.68}}};
  ArtifactReport opt = baseline;
  opt.name = "w4a16-qcdq-ptq-opt";
  opt.recipe = "w4a16";
  opt.bytes = 2'250'000;
  opt.score->main = 0.46;
  opt.score->numbers["mAP_50_95"] = 0.46;
  opt.score->intervals["mAP_50_95"] = {0.42, 0.5};
  opt.score->changes["mAP_50_95"] = {-0.02, Interval{-0.03, -0.01}, 0.958, Interval{0.93, 0.98}};
  auto& blame = opt.blame.emplace();
  blame.objects = 140;
  blame.found = 126;
  blame.missed = 7;
  report.artifacts = {baseline, opt};
  report.recipes = {{"w4a16", 0.07, 32, 82, {}, {}}};
  return report;
}

GateResult only(const MetricGate& gate) {
  const auto results = check_metric_gate(gate, report());
  EXPECT_EQ(results.size(), 1U);
  return results.front();
}

TEST(Evidence, AnIntervalDecidesWhereItKeepsOffTheLimit) {
  GateResult gate{"min_map", "x", false, "0.46"};
  judge(gate, {0.46, Interval{0.42, 0.5}, true, 100}, 0.4, LimitSide::at_least);
  EXPECT_EQ(outcome_text(gate), "passed");
  judge(gate, {0.46, Interval{0.42, 0.5}, true, 100}, 0.51, LimitSide::at_least);
  EXPECT_EQ(outcome_text(gate), "FAILED");
  judge(gate, {0.46, Interval{0.42, 0.5}, true, 100}, 0.44, LimitSide::at_least);
  EXPECT_EQ(outcome_text(gate), "not enough evidence");
  EXPECT_EQ(gate.images_needed, 400);  // half as wide: four times as many
  EXPECT_THAT(gate.detail, HasSubstr("95 %: 0.4200 to 0.5000, from 100 images; about 400 would decide"));
  judge(gate, {0.46, Interval{0.42, 0.5}, true, 100}, 0.47, LimitSide::at_most);
  EXPECT_TRUE(gate.undecided);
  EXPECT_EQ(gate.images_needed, 1600);
}

TEST(Evidence, ANumberOnItsLimitNamesNoCount) {
  GateResult gate{"min_map", "x", false, ""};
  judge(gate, {0.46, Interval{0.42, 0.5}, true, 100}, 0.46, LimitSide::at_least);
  EXPECT_TRUE(gate.undecided);
  EXPECT_EQ(gate.images_needed, 0);
  judge(gate, {0, Interval{0, 0}, true, 100}, 0, LimitSide::at_most);
  EXPECT_TRUE(gate.passed) << "equal detections differ by nothing, on whatever images";
}

TEST(Evidence, WithoutAnIntervalASampledNumberIsUndecidedAndAnExactOneIsNot) {
  GateResult gate{"min_map", "x", false, ""};
  judge(gate, {0.46, {}, true, 1}, 0.1, LimitSide::at_least);
  EXPECT_TRUE(gate.undecided);
  EXPECT_FALSE(gate.passed);
  judge(gate, {0.46, {}, false, 1}, 0.1, LimitSide::at_least);
  EXPECT_TRUE(gate.passed);
}

TEST(MetricGates, HoldANumberItsDifferenceAndItsRatioAgainstALimit) {
  const auto value = only({"mAP_50_95", "w4a16-*", GateCompare::value, 0.40, {}});
  EXPECT_TRUE(value.passed);
  EXPECT_EQ(value.gate, "mAP_50_95");
  EXPECT_EQ(value.subject, "w4a16-qcdq-ptq-opt");
  EXPECT_TRUE(only({"mAP_50_95", "*", GateCompare::difference, -0.035, {}}).passed);
  const auto open = only({"mAP_50_95", "*", GateCompare::difference, -0.025, {}});
  EXPECT_TRUE(open.undecided);
  EXPECT_EQ(open.gate, "mAP_50_95 difference");
  EXPECT_EQ(outcome_state(only({"mAP_50_95", "*", GateCompare::difference, -0.005, {}})), "failed");
  EXPECT_TRUE(only({"mAP_50_95", "*", GateCompare::ratio, 0.92, {}}).passed);
}

TEST(MetricGates, ExactNumbersHaveNoInterval) {
  EXPECT_TRUE(only({"bytes", "*", GateCompare::ratio, {}, 0.25}).passed);
  EXPECT_EQ(outcome_state(only({"bytes", "w*", GateCompare::value, {}, 2'000'000})), "failed");
  EXPECT_TRUE(only({"found_share", "*", GateCompare::value, 0.9, {}}).passed);
  EXPECT_FALSE(only({"missed_share", "*", GateCompare::value, {}, 0.04}).passed);
  EXPECT_TRUE(only({"median_ms", "*", GateCompare::ratio, {}, 1.0}).passed);
}

TEST(MetricGates, AGateThatFitsNothingFails) {
  for (const auto& gate :
       {MetricGate{"mAP_50", "w8*", GateCompare::value, 0.1, {}}, MetricGate{"mAP_small", "*", GateCompare::value, 0.1, {}}}) {
    const auto result = only(gate);
    EXPECT_FALSE(result.passed || result.undecided);
    EXPECT_THAT(result.detail, HasSubstr("misspelt"));
  }
}

TEST(MetricGates, PatternsFit) {
  EXPECT_TRUE(fits("w4a16-int4-ptq", "*-int4-*"));
  EXPECT_TRUE(fits("w4a16", "w?a16"));
  EXPECT_TRUE(fits("", "*"));
  EXPECT_TRUE(fits("aaab", "*a*b"));
  EXPECT_FALSE(fits("w4a16", "w4"));
  EXPECT_FALSE(fits("w4a16", "w4a16?"));
  EXPECT_FALSE(fits(std::string(2000, 'a'), "*a*a*a*a*a*a*a*a*b")) << "in short time";
}

class GatesFile : public test::Scratch {};

TEST_F(GatesFile, IsReadAndWrittenBack) {
  const auto& folder = this->folder();
  write_file(folder / "gates.yaml",
             "max_map_drop: {w4a16: 0.05}\n"
             "gates:\n"
             "  - {metric: mAP_50, variant: 'w4*', at_least: 0.5}\n"
             "  - {metric: bytes, compare: ratio, at_most: 0.3}\n");
  const auto limits = read_gate_limits(folder / "gates.yaml");
  ASSERT_EQ(limits.metrics.size(), 2U);
  EXPECT_EQ(limits.metrics[0].variant, "w4*");
  EXPECT_EQ(limits.metrics[0].at_least, 0.5);
  EXPECT_EQ(limits.metrics[1].compare, GateCompare::ratio);
  write_json(folder / "limits.json", to_json(limits));
  EXPECT_EQ(to_json(read_gate_limits(folder / "limits.json")), to_json(limits));
}

TEST_F(GatesFile, ErrorsNameThePlace) {
  const auto& folder = this->folder();
  const auto refused = [&](const std::string& entry, const std::string& text) {
    write_file(folder / "gates.yaml", "gates:\n  - " + entry + "\n");
    test::expect_error(ErrorKind::input, {"gates.yaml", text}, [&] { read_gate_limits(folder / "gates.yaml"); });
  };
  refused("{metric: mAP, at_least: 0.5}", "gates[0].metric: \"mAP\" is not allowed; expected one of mAP_50_95, ");
  refused("{metric: mAP_50}", "expected at_least or at_most");
  refused("{metric: mAP_50, at_least: high}", "gates[0].at_least");
  refused("{metric: mAP_50, compare: percent, at_least: 1}", "expected value, difference or ratio");
  refused("{metric: mAP_50, at_least: 0.5, tolerance: 1}", "gates[0].tolerance");
  refused("5", "expected a mapping");
  refused("{metric: mAP_50,\n     at_least: high}", "gates.yaml:3:6: gates[0].at_least: \"high\"");
  write_file(folder / "gates.yaml", "max_skipped_layers: 0\nmax_map_drop:\n  w4a16: 2\n");
  test::expect_error(ErrorKind::input, {"gates.yaml:3:3: max_map_drop.w4a16: 2 is not allowed"},
                     [&] { read_gate_limits(folder / "gates.yaml"); });
}

TEST(MetricGates, TheRecipesLimitIsUndecidedWhereTheIntervalHoldsIt) {
  auto found = report();
  found.recipes[0].max_map_drop = 0.025;
  const auto gates = check_gates(found, {});
  const auto drop = std::find_if(gates.begin(), gates.end(), [](const auto& gate) { return gate.gate == "map_drop"; });
  ASSERT_NE(drop, gates.end());
  EXPECT_TRUE(drop->undecided);
  EXPECT_EQ(drop->images_needed, 400);
  const auto document = gates_document(gates), strict = gates_document(gates, "done", true);
  EXPECT_EQ(document["undecided"], 1);
  EXPECT_EQ(strict["passed"], false);
  EXPECT_EQ(std::find_if(document["gates"].begin(), document["gates"].end(), [](const auto& row) { return row["gate"] == "map_drop"; })
                ->at("passed"),
            nullptr);
}

}  // namespace
}  // namespace nibble

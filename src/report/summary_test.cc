// SPDX-License-Identifier: Apache-2.0
#include "report/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nibble/error.h"
#include "report/report_json.h"

namespace nibble {
namespace {
using testing::HasSubstr;
using testing::Not;

Report report() {
  Report result;
  result.status = "done";
  result.model = "yolov10n";
  result.head = "one2many";
  ArtifactReport baseline;
  baseline.name = "baseline-fp32";
  baseline.path = "onnx/a.onnx";
  baseline.bytes = 9'460'000;
  baseline.score =
      Score{Task::detect, 0.4762, 0.63, {}, 100, Latency{45.04, 44, 50.26, 22, 50}, {"CPUExecutionProvider"}, "baseline-coco/metrics.json"};
  ArtifactReport opt = baseline;
  opt.name = "w4a16-qcdq-ptq-opt";
  opt.recipe = "w4a16";
  opt.path = "onnx/b|.onnx";
  opt.bytes = 2'365'000;
  opt.score->main = 0.4162;
  opt.score->reference_main = 0.4161;
  opt.parity = {{"optimisations on against off", 1e-4, 0.02, false}};
  ArtifactReport int4 = opt;
  int4.name = "w4a16-int4-ptq";
  int4.score.reset();
  int4.parity.clear();
  result.artifacts = {baseline, opt, int4};
  result.recipes = {{"w4a16", 0.07, 100, 82, {"model.23.dfl.conv (box decode)"}, {}}};
  result.gates = {{"map_drop", "w4a16-qcdq-ptq-opt", true, "fine"}};
  result.data = {"scored on 100 images"};
  return result;
}

TEST(Summary, HasOneRowAVariantWithChangeAndRatio) {
  const auto text = summary_markdown(report());
  EXPECT_THAT(text, HasSubstr("| variant | mAP_50_95 | change | mAP_50 | mean_ms | p90_ms | providers | file size | ratio | path |"));
  EXPECT_THAT(text,
              HasSubstr("| baseline-fp32 | 0.4762 | - | 0.6300 | 45.0 | 50.3 | CPUExecutionProvider | 9.46 MB | 1.00x | onnx/a.onnx |"));
  EXPECT_THAT(text, HasSubstr("| w4a16-qcdq-ptq-opt | 0.4162 | -0.0600 |"));
  EXPECT_THAT(text, HasSubstr("| 4.00x | onnx/b\\|.onnx |"));
  EXPECT_THAT(text, HasSubstr("| w4a16-int4-ptq | - | - | - | - | - | - | 2.37 MB | 4.00x |"));
}

TEST(Summary, SaysWhatTheRuntimeDoes) {
  auto result = report();
  EXPECT_THAT(summary_markdown(result), Not(HasSubstr("What the runtime does")));
  result.artifacts[0].runtime.emplace().problem = "no kernel | at all";
  auto& facts = result.artifacts[1].runtime.emplace();
  facts.nodes_by_provider = {{"CPUExecutionProvider", 410}};
  facts.ops = {{"QLinearConv", 70, 0.32}, {"Conv", 10, 0.1}};
  facts.levels = {{"cpu", "basic", 0, 0, 5, 5, 5, 0, 0}, {"cpu", "all", 0.1, 40, 5, 6, 4, 0, 0}};
  facts.steps = {83, 71, 12, "model.4.QuantizeLinear", 3, 0.0002, false, true};
  facts.time_ratio = 0.7;
  result.artifacts[2].runtime.emplace().time_ratio = 1.52;
  result.artifacts[2].runtime->folded_time_ratio = 0.99;
  const auto text = summary_markdown(result);
  EXPECT_THAT(text, HasSubstr("| w4a16-int4-ptq | 1.52 (0.99 with session.disable_quant_qdq=1) |"));
  EXPECT_THAT(text, HasSubstr("| w4a16-qcdq-ptq-opt | 0.70 | 410 on CPUExecutionProvider | 32 % QLinearConv, 10 % Conv | "
                              "cpu basic: the same 5; cpu all: **4 of 5 again, 6 found** |\n"));
  EXPECT_THAT(text, HasSubstr("| baseline-fp32 | - |  |  | **no kernel \\| at all** |\n"));
  EXPECT_THAT(text, HasSubstr("- w4a16-qcdq-ptq-opt: 83 quantisers, 71 with other codes, at most 12 steps; the first beyond one step: "
                              "model.4.QuantizeLinear (3 steps, 0.02 % of its codes); counted in a copy that gives the codes out, which "
                              "the runtime fuses otherwise "
                              "than the file (the first is the file's own)\n"));
}

TEST(Summary, SaysWhichTwinsAreEqual) {
  auto result = report();
  result.twins = {{"w4a16", "a-opt", "a", 3, 10, 12, true, "", Parity{"", 0, 0, true}},
                  {"w4a16", "a-fp16", "a-opt", 3, 10, 0, true, "layer x: 3 is 4", {}}};
  const auto text = summary_markdown(result);
  EXPECT_THAT(text,
              HasSubstr("- a-opt and a: 10 integers and 12 dequantised numbers of 3 layers are equal bit for bit; outputs, optimisations "
                        "off, differ by 0 in scores and 0 px\n"));
  EXPECT_THAT(text, HasSubstr("- a-fp16 and a-opt: **DIFFER:** layer x: 3 is 4\n"));
}

TEST(Summary, HasDataLayersParityGatesAndCaveats) {
  const auto text = summary_markdown(report());
  EXPECT_THAT(text, HasSubstr("## Data\n- scored on 100 images"));
  EXPECT_THAT(text, HasSubstr("82 convolutions quantised on 100 images; float: model.23.dfl.conv (box decode)"));
  EXPECT_THAT(text, HasSubstr("optimisations on against off: scores differ by at most 0.0001"));
  EXPECT_THAT(text, HasSubstr("0.4162 with optimisations on, 0.4161 off"));
  EXPECT_THAT(text, HasSubstr("All 1 passed."));
  EXPECT_THAT(text, HasSubstr("## Caveats\nnone"));
  EXPECT_THAT(text, Not(HasSubstr("not complete")));
}

TEST(Summary, ShowsFailuresAndInterruption) {
  auto broken = report();
  broken.status = "interrupted";
  broken.gates[0].passed = false;
  broken.recipes[0].skipped_layers = {"model.0.conv: singular"};
  const auto text = summary_markdown(broken);
  EXPECT_THAT(text, HasSubstr("not complete: interrupted"));
  EXPECT_THAT(text, HasSubstr("**1 of 1 FAILED.**"));
  EXPECT_THAT(text, HasSubstr("**skipped: model.0.conv: singular**"));
}

TEST(Summary, AnEmptyReportIsStillText) { EXPECT_THAT(summary_markdown(Report{}), HasSubstr("## Gates\nnot checked")); }

TEST(ReportJson, KeepsTheNumbers) {
  const auto json = to_json(report().artifacts[1]);
  EXPECT_EQ(json["score"]["mAP_50_95"], 0.4162);
  EXPECT_EQ(json["score"]["reference_mAP_50_95"], 0.4161);
  EXPECT_EQ(json["parity"][0]["max_box_px"], 0.02);
  EXPECT_FALSE(json.contains("problem"));
}

TEST(ReportJson, ARecipeReadsBack) {
  const auto recipe = report().recipes[0];
  const auto again = recipe_report_from_json(to_json(recipe));
  EXPECT_EQ(again.name, recipe.name);
  EXPECT_EQ(again.max_map_drop, recipe.max_map_drop);
  EXPECT_EQ(again.quantized_layers, recipe.quantized_layers);
  EXPECT_EQ(again.float_layers, recipe.float_layers);
  EXPECT_THROW(recipe_report_from_json(Json::object()), Error);
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// What a report says of the tasks other than detection.
#include "report/task_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nibble/error.h"
#include "report/gates.h"
#include "report/html/report_html.h"
#include "report/metric_gates.h"
#include "report/metrics_json.h"
#include "report/report_json.h"
#include "report/summary.h"
#include "report/verdict.h"

namespace nibble {
namespace {
using testing::HasSubstr;
using testing::Not;

Json segment_document(double mask, double box) {
  MetricsSettings settings;
  settings.task = Task::segment;
  Json document =
      metrics_document(settings, {{"mAP_50_95", box}, {"mAP_50", 0.7}, {"num_images", 50}, {"per_class", Json::array()}}, std::nullopt);
  document["masks"] = {{"mAP_50_95", mask},
                       {"mAP_50", 0.6},
                       {"mAP_small", nullptr},
                       {"mAP_50_95_interval", {mask - 0.01, mask + 0.01}},
                       {"change", mask - 0.4},
                       {"change_interval", {mask - 0.41, mask - 0.39}},
                       {"per_class", {{{"category_id", 1}, {"name", "cat"}, {"AP_50_95", mask}, {"AP_50", 0.6}, {"instances", 7}}}}};
  return document;
}

Report segment_report() {
  Report report;
  report.status = "done";
  report.model = "yolo11n-seg";
  report.head = "one2many";
  report.task = Task::segment;
  report.resamples = 1000;
  for (const auto& [name, recipe, mask, bytes] :
       {std::tuple{"baseline-fp32", "", 0.4, 10'000'000}, std::tuple{"w4a16-int4-ptq", "w4a16", 0.38, 2'000'000}}) {
    ArtifactReport artifact;
    artifact.name = name;
    artifact.recipe = recipe;
    artifact.path = std::string("onnx/") + name + ".onnx";
    artifact.bytes = bytes;
    artifact.loads = artifact.finite = true;
    artifact.score = score_from_document(segment_document(mask, 0.5), "m.json");
    report.artifacts.push_back(artifact);
  }
  RecipeReport recipe;
  recipe.name = "w4a16";
  recipe.max_map_drop = 0.05;
  recipe.quantized_layers = 1;
  report.recipes.push_back(recipe);
  return report;
}

TEST(TaskWords, AScoreIsJudgedByTheTasksNumber) {
  const auto score = score_from_document(segment_document(0.38, 0.5), "m.json");
  EXPECT_EQ(score.task, Task::segment);
  EXPECT_EQ(score.main, 0.38);
  EXPECT_EQ(score.second, 0.6);
  EXPECT_EQ(score.numbers.at("mAP_50_95"), 0.5) << "of boxes";
  EXPECT_EQ(score.numbers.at("masks.mAP_50_95"), 0.38);
  EXPECT_FALSE(score.numbers.contains("masks.mAP_small"));
  EXPECT_NEAR(score.changes.at("masks.mAP_50_95").difference, -0.02, 1e-12);
  EXPECT_NEAR(score.intervals.at("masks.mAP_50_95").low, 0.37, 1e-12);
  const auto json = numbers_json(score);
  EXPECT_EQ(json["masks.mAP_50_95"], 0.38);
  EXPECT_TRUE(json.contains("masks.mAP_50_95_interval"));
  auto without = segment_document(0.38, 0.5);
  without.erase("masks");
  EXPECT_THROW(score_from_document(without, "m.json"), Error);
  without["task"] = "depth";
  EXPECT_THROW(score_from_document(without, "m.json"), Error);
}

TEST(TaskWords, GatesAndSummaryNameTheNumber) {
  auto report = segment_report();
  GateLimits limits;
  limits.metrics.push_back(parse_metric_gate({{"metric", "masks.mAP_50_95"}, {"at_least", 0.39}}, "g.yaml", "gates[0]"));
  report.gates = check_gates(report, limits);
  std::string failed;
  for (const auto& gate : report.gates)
    if (!gate.passed && !gate.undecided) failed += gate.gate + " " + gate.subject + "\n";
  const auto text = summary_markdown(report);
  EXPECT_THAT(text, HasSubstr("# yolo11n-seg: masks, head one2many"));
  EXPECT_THAT(text, HasSubstr("| variant | masks.mAP_50_95 | change | masks.mAP_50 | mAP_50_95 of boxes |"));
  EXPECT_THAT(text, HasSubstr("| w4a16-int4-ptq | 0.3800 | -0.0200 | 0.6000 | 0.5000 |"));
  EXPECT_THAT(text, HasSubstr("masks.mAP_50_95 0.3800 is 0.0200 below the baseline's 0.4000"));
  EXPECT_THAT(text, HasSubstr("| masks.mAP_50_95 | 0.3800 | 0.3700 to 0.3900 | -0.0200 | -0.0300 to -0.0100 |")) << text;
  EXPECT_THAT(verdict_markdown(verdict_of(report)), HasSubstr("mask mAP 50-95 0.3800, 0.0200 below float"));
}

TEST(TaskWords, ThePageTellsClassesByMasks) {
  const auto report = segment_report();
  HtmlInput input;
  input.report = report;
  for (const auto& artifact : report.artifacts) input.metrics[artifact.name] = segment_document(artifact.score->main, 0.5);
  const auto page = report_html(input);
  EXPECT_THAT(page, HasSubstr("<th class=\"n\">mask mAP 50-95</th>"));
  EXPECT_THAT(page, HasSubstr("<th class=\"n\">box mAP 50-95</th>"));
  EXPECT_THAT(page, HasSubstr("cat -0.0200 (7 objects)"));
  EXPECT_THAT(page, Not(HasSubstr("{{")));
}

TEST(TaskWords, AClassifierHasClassesAndNoBoxes) {
  Report report = segment_report();
  report.task = Task::classify;
  MetricsSettings settings;
  settings.task = Task::classify;
  const Json metrics = {{"top_1", 0.7},
                        {"top_5", 0.9},
                        {"num_images", 50},
                        {"per_class", {{{"label", 0}, {"name", "cat"}, {"top_1", 0.7}, {"top_5", 0.9}, {"images", 1}}}}};
  const Json document = metrics_document(settings, metrics, std::nullopt);
  HtmlInput input;
  for (auto& artifact : report.artifacts) {
    artifact.score = score_from_document(document, "m.json");
    input.metrics[artifact.name] = document;
  }
  input.report = report;
  const auto text = summary_markdown(report);
  EXPECT_THAT(text, HasSubstr("# yolo11n-seg: classes, 640 x 640 px"));
  EXPECT_THAT(text, HasSubstr("| variant | top_1 | change | top_5 | mean_ms |"));
  const auto page = report_html(input);
  EXPECT_THAT(page, HasSubstr("<th class=\"n\">top-1</th>"));
  EXPECT_THAT(page, Not(HasSubstr("box mAP")));
  EXPECT_THAT(page, Not(HasSubstr("boxes by px")));
}

TEST(TaskWords, EveryGroupBeginsWithItsMainNumber) {
  for (const Task task : kTasks) {
    const auto& words = words_of(task);
    EXPECT_TRUE(is_sampled(words.main)) << words.main;
    EXPECT_TRUE(is_sampled(words.second)) << words.second;
  }
  EXPECT_EQ(of_boxes(Task::detect, "mAP 50-95"), "mAP 50-95");
  EXPECT_EQ(of_boxes(Task::pose, "mAP 50-95"), "box mAP 50-95");
  EXPECT_EQ(of_boxes(Task::obb, "IoU"), "upright box IoU");
  EXPECT_FALSE(is_sampled("masks.top_1"));
  EXPECT_FALSE(is_sampled("bytes"));
}

}  // namespace
}  // namespace nibble

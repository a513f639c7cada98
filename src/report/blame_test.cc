// SPDX-License-Identifier: Apache-2.0
#include "report/blame.h"

#include <gmock/gmock.h>

#include <functional>

#include "report/html/report_html.h"
#include "report/summary.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using test::expect_error;
using testing::HasSubstr;
using testing::Not;

Json sized(int all, int small, int medium, int large) { return {{"all", all}, {"small", small}, {"medium", medium}, {"large", large}}; }

Json change(const char* name, double cost) { return {{"change", name}, {"cost", {{"mAP_50_95", cost}}}}; }

Json layer(const char* name, const Json& sqnr, const Json& inherited, const Json& drop) {
  return {{"layer", name}, {"sqnr_db", sqnr}, {"inherited_db", inherited}, {"drop_db", drop}, {"slope", 0.9}};
}

/// The part of a compare.json that reports read.
Json document() {
  return {{"tensors",
           {{"images", 2},
            {"first_different", "model.0.conv"},
            {"first_diverged", "model.2.conv"},
            {"diverged_db", 20},
            {"by_drop", {"model.2.conv"}},
            {"layers", {layer("model.0.conv", 30, nullptr, nullptr), layer("model.2.conv", 12.25, 30, 17.75)}}}},
          {"detections",
           {{"confidence", 0.25},
            {"against_a",
             {{"objects", sized(20, 5, 5, 10)},
              {"found", sized(12, 1, 4, 7)},
              {"faded", sized(5, 3, 1, 1)},
              {"wrong class", sized(1, 0, 0, 1)},
              {"mislocated", sized(1, 0, 0, 1)},
              {"missed", sized(1, 1, 0, 0)},
              {"extra", {{"duplicate", sized(1, 0, 0, 1)}, {"risen", sized(2, 0, 0, 2)}, {"background", sized(3, 3, 0, 0)}}}}},
            {"score_shift", {{"mean", -0.1}, {"equal_confidence", 0.18}}},
            {"map", {{"changes", {change("missed", 0.001), change("location", 0.02), change("score", -0.004)}}}}}},
          {"advice", {{{"what", "give model.2 more bits"}, {"why", "it <drops>"}}}}};
}

Report report() {
  Report report;
  report.status = "done";
  report.model = "yolov10n";
  ArtifactReport artifact;
  artifact.name = "w4a8-qcdq-ptq-opt";
  artifact.recipe = "w4a8";
  artifact.blame = blame_from_document(document(), "ptq-w4a8-coco/compare.json");
  report.artifacts = {artifact};
  return report;
}

TEST(Blame, TakesTheShortOfADocument) {
  const auto blame = blame_from_document(document(), "c.json");
  EXPECT_EQ(blame.objects, 20);
  EXPECT_EQ(blame.found + blame.faded + blame.wrong_class + blame.mislocated + blame.missed, blame.objects);
  EXPECT_EQ(blame.extra, 6);
  EXPECT_EQ(blame.cost.front().first, "location");
  EXPECT_EQ(blame.cost.back().first, "score");
  EXPECT_EQ(blame.first_diverged, "model.2.conv (12.2 dB)");
  EXPECT_EQ(blame.largest_drop, "model.2.conv (17.8 dB)");
  auto bare = document();
  bare["tensors"] = nullptr;
  bare["detections"]["map"] = nullptr;
  EXPECT_EQ(blame_from_document(bare, "c.json").first_diverged, "");
  bare["detections"].erase("against_a");
  expect_error(ErrorKind::input, {"c.json: detections: has no 'against_a'"},
               [&] { blame_from_document(PlacedJson(bare, "c.json", ""), "c.json"); });
}

TEST(Blame, TheSummaryHasARowForEachFile) {
  const auto text = summary_markdown(report());
  EXPECT_THAT(text, HasSubstr("## What is lost"));
  EXPECT_THAT(text,
              HasSubstr("| w4a8-qcdq-ptq-opt | 12 of 20 | 5 | 1 | 1 | 1 | 6 | location 0.0200, missed 0.0010, score -0.0040 | model.2.conv "
                        "(12.2 dB) | model.2.conv (17.8 dB) |"));
  EXPECT_THAT(summary_markdown(Report{}), Not(HasSubstr("What is lost")));
}

TEST(Blame, ThePageHasASection) {
  HtmlInput input;
  input.report = report();
  input.comparisons["w4a8-qcdq-ptq-opt"] = document();
  const auto page = report_html(input);
  EXPECT_THAT(page, HasSubstr("What is lost, and where"));
  EXPECT_THAT(page, HasSubstr("Of the 20 objects the float baseline sees at confidence 0.25, this file finds 12."));
  EXPECT_THAT(page, HasSubstr("<code>model.2.conv</code>: 17.8 dB lower than what feeds it (12.2 dB against 30.0 dB), slope 0.900"));
  EXPECT_THAT(page, HasSubstr("give model.2 more bits"));
  EXPECT_THAT(page, HasSubstr("it &lt;drops&gt;"));
  EXPECT_THAT(page, HasSubstr("extra: risen"));
  EXPECT_THAT(page, Not(HasSubstr("{{")));
  input.comparisons.clear();
  EXPECT_THAT(report_html(input), Not(HasSubstr("What is lost, and where")));
}

TEST(Blame, WhatIsOfAnotherTypeIsNamedByThePage) {
  const auto expect = [](const std::string& place, const std::function<void(Json&)>& edit) {
    Json changed = document();
    edit(changed);
    HtmlInput input;
    input.report = report();
    input.comparisons["w4a8-qcdq-ptq-opt"] = PlacedJson(changed, "compare.json", "");
    expect_error(ErrorKind::input, {"compare.json: " + place}, [&] { report_html(input); });
  };
  expect("task_drift: is empty", [](Json& json) { json["task_drift"] = Json::object(); });
  expect("task_drift: expected an object", [](Json& json) { json["task_drift"] = 5; });
  expect("tensors.by_drop[0]: expected a text", [](Json& json) { json["tensors"]["by_drop"][0] = 5; });
  expect("advice: expected a list", [](Json& json) { json["advice"] = "more bits"; });
}

}  // namespace
}  // namespace nibble

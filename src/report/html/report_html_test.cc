// SPDX-License-Identifier: Apache-2.0
#include "report/html/report_html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <regex>

#include "base/files.h"
#include "nibble/error.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = "<script src=\"//x\">alert('1')</script>";

std::ptrdiff_t count(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  return std::distance(std::sregex_iterator(text.begin(), text.end(), regex), std::sregex_iterator());
}

Json layer(const std::string& node, int bits, const Json& output_sqnr) {
  return {{"node", node},    {"weight_bits", bits},           {"activation_bits", 32}, {"method", bits < 32 ? "gptq" : "float"},
          {"sqnr_db", 15.0}, {"output_sqnr_db", output_sqnr}, {"clipped", 0.0123},     {"zeroed", 0.25},
          {"damping", 0.01}};
}

Json class_row(int id, const std::string& name, const Json& ap) {
  return {{"category_id", id}, {"name", name}, {"AP_50_95", ap}, {"AP_50", ap}, {"instances", 7}};
}

Json metrics(const Json& rows) { return {{"metrics", {{"per_class", rows}}}}; }

ArtifactReport artifact(const std::string& name, const std::string& recipe, std::int64_t bytes, double map) {
  ArtifactReport result;
  result.name = name;
  result.recipe = recipe;
  result.path = "onnx/" + name + ".onnx";
  result.bytes = bytes;
  result.score = Score{Task::detect, map, 0.6, {}, 100, Latency{45, 44, 50, 22, 50}, {"CPUExecutionProvider"}, name + "/metrics.json"};
  return result;
}

/// Changes what a file says.
void change(PlacedJson& file, const std::function<void(Json&)>& edit) {
  Json json = file.json();
  edit(json);
  file = PlacedJson(json, "file.json", "");
}

HtmlInput input() {
  HtmlInput result;
  auto& report = result.report;
  report.status = "done";
  report.model = "yolov10n";
  report.head = "one2many";
  report.artifacts = {artifact("baseline-fp32", "", 9'000'000, 0.4), artifact("w4a16-qcdq-ptq-opt", "w4a16", 2'250'000, 0.3)};
  report.recipes = {{"w4a16", 0.2, 100, 7, {"model.23.dfl.conv: float (box decode)"}, {}}};
  report.gates = {{"map_drop", "w4a16-qcdq-ptq-opt", true, "fine"}};
  report.data = {"scored: 100 images"};
  report.caveats = {"**Mind** this."};
  Json layers = Json::array();
  for (int i = 0; i < 7; ++i) layers.push_back(layer("model." + std::to_string(i) + ".conv", 4, 40.0 - i));
  layers.push_back(layer("model.23.dfl.conv", 32, 0.0));
  result.layers["w4a16"] = Json{{"layers", layers}};
  result.metrics["baseline-fp32"] = metrics({class_row(1, "cat", 0.5), class_row(2, "dog", 0.6), class_row(3, "yak", nullptr)});
  result.metrics["w4a16-qcdq-ptq-opt"] = metrics({class_row(1, "cat", 0.45), class_row(2, "dog", 0.2), class_row(3, "yak", nullptr)});
  result.manifest = {{"command", {"nibble", "run", "my model.pt"}}, {"started_utc", "2026-11-23T22:38:55Z"}, {"error", nullptr}};
  result.files = {"run.json"};
  return result;
}

TEST(ReportHtml, SaysWhatWasDoneAndThatItPassed) {
  const auto page = report_html(input());
  EXPECT_THAT(page, HasSubstr("wrote 2 ONNX files from yolov10n (head one2many, input 640 x 640 px; finished recipes: w4a16); "
                              "2 of them were scored on 100 images."));
  EXPECT_THAT(page, HasSubstr("verdict passed"));
  EXPECT_THAT(page, HasSubstr("Finished: all 1 gates passed."));
  EXPECT_THAT(page, Not(HasSubstr("{{")));
}

TEST(ReportHtml, HasTheTableOfTheSummaryWithRelativeLinks) {
  const auto page = report_html(input());
  EXPECT_THAT(page, HasSubstr("<td class=\"n\" data-label=\"mAP 50-95\">0.3000</td><td class=\"n\" data-label=\"change\">-0.1000</td>"
                              "<td class=\"n\" data-label=\"mAP 50\">0.6000</td><td class=\"n\" data-label=\"mean ms\">45.0</td>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"n\" data-label=\"size\">2.25 MB</td><td class=\"n\" data-label=\"ratio\">4.00x</td><td><a "
                              "href=\"./onnx/w4a16-qcdq-ptq-opt.onnx\">"));
}

TEST(ReportHtml, DrawsOneBarAVariantAndOneColumnAQuantisedLayer) {
  const auto page = report_html(input());
  EXPECT_EQ(count(page, "class=\"bar\""), 4);  // mAP and size of two files
  EXPECT_EQ(count(page, "class=\"column\""), 7);
  EXPECT_EQ(count(page, "width=\"75.00%\""), 1);  // mAP 0.3 of 0.4
  EXPECT_EQ(count(page, "width=\"25.00%\""), 1);  // size
}

TEST(ReportHtml, NamesTheFiveWorstLayersWorstFirst) {
  const auto page = report_html(input());
  const auto begin = page.find("<ol>");
  const auto list = page.substr(begin, page.find("</ol>", begin) - begin);
  EXPECT_EQ(count(list, "<li>"), 5);
  EXPECT_LT(list.find("model.6.conv"), list.find("model.5.conv"));
  EXPECT_THAT(list, AllOf(HasSubstr("34.0 dB at the output"), Not(HasSubstr("model.1.conv")), Not(HasSubstr("dfl"))));
  EXPECT_THAT(page, HasSubstr("model.23.dfl.conv: float (box decode)"));
  EXPECT_THAT(page, HasSubstr("<td class=\"n\">1.23</td><td class=\"n\">25.00</td>"));
}

TEST(ReportHtml, SortsClassesByLossAndLeavesUndefinedOnesOut) {
  const auto page = report_html(input());
  EXPECT_LT(page.find(">dog<"), page.find(">cat<"));
  EXPECT_THAT(page, HasSubstr("<td class=\"n\">0.2000</td><td class=\"n\">-0.4000</td>"));
  EXPECT_THAT(page, Not(HasSubstr("yak")));
  EXPECT_THAT(page, HasSubstr("Left out: 1 classes"));
}

TEST(ReportHtml, ChartsTheClassesThatChangedMost) {
  const auto page = report_html(input());
  // dog lost 0.4, which is half the width, and cat 0.05.
  EXPECT_EQ(count(page, "class=\"lost\""), 2);
  EXPECT_THAT(page, HasSubstr("class=\"lost\" x=\"43.75%\""));
  EXPECT_THAT(page, HasSubstr("<title>w4a16-qcdq-ptq-opt: dog -0.4000 (7 objects), cat -0.0500 (7 objects)</title>"));
  auto better = input();
  better.metrics.at("w4a16-qcdq-ptq-opt") = metrics({class_row(1, "cat", 0.7), class_row(2, "dog", 0.6)});
  const auto other = report_html(better);
  EXPECT_EQ(count(other, "class=\"gained\""), 1);
  EXPECT_EQ(count(other, "class=\"lost\""), 0);
}

TEST(ReportHtml, PlotsTheLossesAndScoresOfATraining) {
  auto trained = input();
  EXPECT_THAT(report_html(trained), Not(HasSubstr("Training")));
  trained.report.trainings = {{"w4a16", 3, 24, 8, false, 0.4, 0.45, 0, false, 0, "qat-w4a16-coco/training.csv"}};
  trained.curves = {{"w4a16",
                     {{"loss/total", {{1, 3}, {2, 2}, {3, 1}}},
                      {"loss/imitate/boxes", {{1, 1}, {2, 1}, {3, 1}}},
                      {"held_out/mAP_50_95", {{0, 0.4}, {3, 0.45}}}}}};
  const auto page = report_html(trained);
  EXPECT_THAT(page, HasSubstr("w4a16: 3 steps on 24 images"));
  EXPECT_EQ(count(page, "<polyline"), 5);  // two of each loss, the scores
  EXPECT_EQ(count(page, "class=\"dot\""), 2);
  EXPECT_THAT(page, AllOf(HasSubstr("training loss"), HasSubstr("imitate/boxes"), HasSubstr("href=\"./qat-w4a16-coco/training.csv\"")));
  trained.curves.clear();
  EXPECT_EQ(count(report_html(trained), "<polyline"), 0);
}

TEST(ReportHtml, EscapesHostileTextEverywhere) {
  auto hostile = input();
  auto& report = hostile.report;
  report.model = report.head = report.gates[0].detail = report.data[0] = report.caveats[0] = report.recipes[0].float_layers[0] = kHostile;
  report.artifacts[1].name = report.artifacts[1].path = kHostile;
  hostile.metrics.clear();
  hostile.metrics["baseline-fp32"] = metrics(Json::array({class_row(1, kHostile, 0.5)}));
  hostile.metrics[kHostile] = metrics(Json::array({class_row(1, kHostile, 0.4)}));
  change(hostile.layers["w4a16"], [](Json& json) { json["layers"][0]["node"] = json["layers"][0]["note"] = kHostile; });
  hostile.manifest["command"][1] = kHostile;
  hostile.machine = {{"cpu", kHostile}};
  hostile.files = {kHostile};
  const auto page = report_html(hostile);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_GE(count(page, "&lt;script"), 15);
  EXPECT_EQ(count(page, "href=\"\\./%3Cscript"), 2);
}

TEST(ReportHtml, LoadsNothingFromElsewhere) {
  const auto page = report_html(input());
  EXPECT_EQ(count(page, "https?:|//[a-z]|<script|<link|<img|@import|url\\("), 0);
  EXPECT_EQ(count(page, "href=\"[^.#]"), 0);
}

TEST(ReportHtml, BeginsWithTheVerdict) {
  auto told = input();
  for (auto& artifact : told.report.artifacts) artifact.loads = artifact.finite = true;
  told.report.artifacts[1].blame.emplace();
  told.report.artifacts[1].blame->objects = told.report.artifacts[1].blame->missed = 2;
  const auto page = report_html(told);
  EXPECT_THAT(
      page, HasSubstr("<strong>smallest</strong>: <a href=\"./onnx/w4a16-qcdq-ptq-opt.onnx\">w4a16-qcdq-ptq-opt</a>: 2.25 MB, 4.00 times"));
  EXPECT_THAT(page, HasSubstr("Of 2 objects that the float model sees, 0 are found again and 2 were missed."));
  EXPECT_LT(page.find("Which file to take"), page.find("<h2>Files"));
  EXPECT_THAT(report_html({}), Not(HasSubstr("Which file to take")));
}

TEST(ReportHtml, HoldsPicturesCurvesAndTimes) {
  auto seen = input();
  const auto bare = report_html(seen);
  for (const auto* heading : {"What it looks like", "Times of single images", "Precision and recall", "Sizes of objects"})
    EXPECT_THAT(bare, Not(HasSubstr(heading)));
  const Json picture = {{"file", "ptq/pictures/changed-1.jpg"}, {"kind", "most changed"}, {"file_name", kHostile}};
  seen.pictures["w4a16-qcdq-ptq-opt"] = {{picture, "foobar"}};
  seen.precision["w4a16-qcdq-ptq-opt"] = Json{{"recall_step", 0.5}, {"baseline", {1.0, 0.9, 0.5}}, {"precision", {1.0, 0.8, 0.2}}};
  seen.report.artifacts[1].score->latency->run_ms = {40, 44, 50};
  change(seen.metrics["baseline-fp32"], [](Json& json) { json["metrics"]["mAP_small"] = 0.2; });
  change(seen.metrics["w4a16-qcdq-ptq-opt"], [](Json& json) { json["metrics"]["mAP_small"] = 0.15; });
  const auto page = report_html(seen);
  EXPECT_THAT(page, HasSubstr("<img src=\"data:image/jpeg;base64,Zm9vYmFy\" alt=\"Image &lt;script"));
  EXPECT_EQ(count(page, "<polyline"), 2);
  EXPECT_EQ(count(page, "class=\"run\""), 3);
  EXPECT_THAT(page, HasSubstr("data-label=\"small\">0.1500</td><td class=\"n\" data-label=\"change\">-0.0500</td>"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
}

TEST(ReportHtml, ShowsFailedGates) {
  auto failed = input();
  failed.report.gates.push_back({"min_map", "baseline-fp32", false, std::string(1000, 'x')});
  const auto page = report_html(failed);
  EXPECT_THAT(page, AllOf(HasSubstr("verdict failed"), HasSubstr("1 of 2 gates FAILED"), HasSubstr("<details open>")));
  EXPECT_THAT(page, Not(HasSubstr(std::string(300, 'x'))));
}

TEST(ReportHtml, AnInterruptedRunIsNotCalledPassed) {
  auto broken = input();
  broken.report.status = "interrupted";
  broken.manifest["error"] = "interrupted: by the user";
  const auto page = report_html(broken);
  EXPECT_THAT(page, AllOf(HasSubstr("verdict open"), HasSubstr("Not complete: interrupted; so far all 1 gates passed."),
                          HasSubstr("interrupted: by the user"), Not(HasSubstr("Finished"))));
}

TEST(ReportHtml, ShowsWhatTheRuntimeDoesAndTheTwins) {
  auto with = input();
  EXPECT_THAT(report_html(with), AllOf(Not(HasSubstr("<h2>What the runtime does")), Not(HasSubstr("<h2>Twins"))));
  auto& facts = with.report.artifacts[1].runtime.emplace();
  facts.nodes_by_provider = {{"CPUExecutionProvider", 410}};
  facts.ops = {{"QLinearConv", 70, 0.32}};
  facts.levels = {{"cpu", "all", 0.1, 40, 5, 6, 4, 0, 0}};
  facts.steps.quantizers = facts.steps.differing = facts.steps.largest_steps = 1;
  facts.time_ratio = 0.7;
  with.report.twins = {{"w4a16", "opt", "qcdq", 3, 10, 12, true, "", Parity{"", 0, 0, true}},
                       {"w4a16", "int4", "opt", 3, 10, 12, true, kHostile, {}}};
  const auto page = report_html(with);
  EXPECT_THAT(
      page,
      AllOf(HasSubstr("data-label=\"time\">0.70</td><td data-label=\"nodes\">410 on CPUExecutionProvider</td><td data-label=\"operators by "
                      "time\">32 % QLinearConv</td>"),
            HasSubstr("cpu all: <span class=\"failed-text\">4 of 5 again, 6 found</span>"),
            HasSubstr("1 quantiser, 1 with other codes, at most 1 step</td>"), Not(HasSubstr("<script"))));
  facts.problem = kHostile;
  EXPECT_THAT(report_html(with), HasSubstr("<span class=\"failed-text\">&lt;script"));
  EXPECT_THAT(page, AllOf(HasSubstr("<td>10 integers and 12 dequantised numbers of 3 layers</td><td class=\"passed-text\">"),
                          HasSubstr("<td>0 in scores and 0 px</td>"), HasSubstr("DIFFER: &lt;script")));
}

TEST(ReportHtml, ASmokeRunHasNoScores) {
  auto smoke = input();
  for (auto& row : smoke.report.artifacts) row.score.reset();
  smoke.metrics.clear();
  const auto page = report_html(smoke);
  EXPECT_THAT(page, AllOf(HasSubstr("none of them was scored"), HasSubstr("says nothing about accuracy")));
  EXPECT_EQ(count(page, "class=\"bar\""), 2);  // sizes
  EXPECT_THAT(page, Not(HasSubstr("<h2>Classes")));
}

TEST(ReportHtml, UndefinedAndInfiniteNumbersAreShownAsSuch) {
  auto odd = input();
  odd.report.artifacts[0].score->main = odd.report.artifacts[1].score->main = -1;
  change(odd.layers["w4a16"], [](Json& json) { json["layers"][0]["output_sqnr_db"] = nullptr; });  // infinite: no error at all
  const auto page = report_html(odd);
  EXPECT_THAT(page, HasSubstr("undefined"));
  EXPECT_EQ(count(page, "class=\"column\""), 6);
  EXPECT_EQ(count(page, "class=\"reference\""), 0);
}

TEST(ReportHtml, DrawsWhatMoreBitsWouldSave) {
  HtmlInput mixed = input();
  EXPECT_THAT(report_html(mixed), testing::Not(HasSubstr("What more bits would save")));
  auto& document = mixed.layers["w4a16"];
  change(document, [](Json& json) {
    json["layers"][2]["weight_bits"] = 8;
    json["front"] = {{{"raised", 0}, {"average_bits", 4.0}, {"damage", 0.5}},
                     {{"raised", 1}, {"average_bits", 4.25}, {"damage", 0.125}},
                     {{"raised", 2}, {"average_bits", 4.5}, {"damage", 0.0625}}};
  });
  EXPECT_THAT(report_html(mixed), AllOf(HasSubstr("What more bits would save"), HasSubstr("1 of 8 layers have more bits than the others"),
                                        HasSubstr("predicted damage by average bits per weight")));
  EXPECT_EQ(count(report_html(mixed), "class=\"dot\""), 0);
  change(document, [](Json& json) {
    json["budget"] = {{"max_bytes", 1500000}, {"chosen", {{"raised", 1}, {"average_bits", 4.25}, {"damage", 0.125}}}};
  });
  const auto page = report_html(mixed);
  EXPECT_EQ(count(page, "class=\"dot\""), 1);
  EXPECT_THAT(page, AllOf(HasSubstr("4.25: 0.1250"), HasSubstr("Budget: at most 1500000 bytes in the INT4 dialect; chosen: 4.25 bits on "
                                                               "average, 1 layers with more.")));
}

TEST(ReportHtml, SaysWhatWasTriedWhereNothingWasDrawn) {
  HtmlInput mixed = input();
  change(mixed.layers["w4a16"], [](Json& json) {
    json["budget"] = {{"max_drop", 1.5},
                      {"judge", "the labels of 128 images of <x>.json"},
                      {"trials", {{{"average_bits", 4.0}, {"drop", 1.25}}}},
                      {"chosen", {{"raised", 0}, {"average_bits", 4.0}, {"damage", nullptr}}}};
  });
  const auto page = report_html(mixed);
  EXPECT_THAT(page,
              AllOf(Not(HasSubstr("What more bits would save")), HasSubstr("at most 1.5 points of mAP 50-95 below float"),
                    HasSubstr("Judged by the labels of 128 images of &lt;x&gt;.json"), HasSubstr("Points below float: 4.00 bits: 1.25")));
}

TEST(ReportHtml, AnEmptyReportIsStillAPage) {
  const auto page = report_html(HtmlInput{});
  EXPECT_THAT(page,
              AllOf(HasSubstr("wrote 0 ONNX files"), HasSubstr("no recipe was finished"), HasSubstr("Not checked."), HasSubstr("</html>")));
}

TEST(ReportHtml, ALayersFileWithoutItsFieldsIsAnError) {
  auto bad = input();
  change(bad.layers["w4a16"], [](Json& json) { json["layers"][0].erase("method"); });
  test::expect_error(ErrorKind::input, {"file.json: layers[0]: has no 'method'"}, [&] { report_html(bad); });
}

}  // namespace
}  // namespace nibble

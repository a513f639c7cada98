// SPDX-License-Identifier: Apache-2.0
#include "text/result_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/agreement_text.h"
#include "report/budget_text.h"

namespace nibble {
namespace {
using testing::HasSubstr;
using testing::Not;

TEST(MetricsText, SaysUndefinedInsteadOfMinusOne) {
  CocoMetrics metrics;
  metrics.map_50_95 = 0.4762;
  const auto text = text_of(metrics);
  EXPECT_THAT(text, HasSubstr("mAP_50_95    0.4762"));
  EXPECT_THAT(text, HasSubstr("mAP_small    undefined"));
  EXPECT_THAT(text, Not(HasSubstr("-1")));
}

TEST(MetricsText, TimesFollowWhereTheyWereMeasured) {
  EvalResult result;
  EXPECT_THAT(text_of(result), Not(HasSubstr("latency")));
  result.latency = Latency{12.34, 11, 15.06, 81, 30};
  EXPECT_THAT(text_of(result), testing::EndsWith("latency      mean 12.3 ms, median 11.0 ms, p90 15.1 ms\n"));
}

TEST(TargetText, ARowForEachKindOfNode) {
  TargetInspection inspection{.file = "a.onnx",
                              .target = "ort-cuda",
                              .consumer = "ONNX Runtime's CUDA provider",
                              .version = "1.24",
                              .source = "read, not run",
                              .refused = {},
                              .without_kernel = {}};
  EXPECT_EQ(
      text_of(inspection),
      "a.onnx for ONNX Runtime's CUDA provider in 1.24 (read, not run)\n  no rule refuses anything\n  every node has a CUDA kernel\n");
  inspection.refused = {{"Clip", "on integers it is not understood", {"a", "b"}}};
  EXPECT_THAT(text_of(inspection), HasSubstr("     2 Clip refused: on integers it is not understood: a, b\n"));
  EXPECT_THAT(json_text_of(inspection), HasSubstr("\"consumer\": \"ONNX Runtime's CUDA provider\""));
  inspection.without_kernel = {{"Resize", "opset 21: from 1.25.0 on", false, {"a", "b", "c", "d", "e"}},
                               {"QLinearConv", "none", true, {"f"}}};
  const auto text = text_of(inspection);
  EXPECT_THAT(text, HasSubstr("     5 Resize run on the CPU: kernel opset 21: from 1.25.0 on: a, b, c, d, ...\n"));
  EXPECT_THAT(text, HasSubstr("     1 QLinearConv fail: kernel none: f\n"));
  EXPECT_THAT(json_text_of(inspection), HasSubstr("\"throws\": true"));
}

TEST(QuantizeText, NamesWhatIsMissingOrWrong) {
  QuantizeResult result;
  EXPECT_EQ(text_of(result), "") << "a process that wrote nothing says nothing";
  result.recipe.name = "w4a8";
  result.recipe.quantized_layers = 81;
  result.recipe.skipped_layers = {"model.0.conv: 8 weight bits instead of 4"};
  result.budget = BudgetReport{.allowed_average_bits = {},
                               .allowed_max_bytes = {},
                               .allowed_max_drop = 1.5,
                               .average_bits = 4.5,
                               .raised_layers = 7,
                               .judge = "the labels of 128 images",
                               .trials = {{4, 2.25}, {4.5, 1.25}}};
  ArtifactReport broken;
  broken.path = "out/a.onnx";
  broken.bytes = 1'300'000;
  broken.problem = "the runtime refuses it";
  result.files = {broken};
  result.layers_file = "out/layers.json";
  const auto text = text_of(result);
  EXPECT_THAT(text, HasSubstr("  SKIPPED  model.0.conv: 8 weight bits instead of 4\n"));
  EXPECT_THAT(text, HasSubstr("at most 1.5 points of mAP 50-95 below float; chosen: 4.50 bits on average, 7 layers with more\n"));
  EXPECT_THAT(text, HasSubstr("Judged by the labels of 128 images\n  Points below float: 4.00 bits: 2.25, 4.50 bits: 1.25\n"));
  EXPECT_THAT(text, HasSubstr("    1.30 MB  out/a.onnx\n             PROBLEM  the runtime refuses it\n"));
  EXPECT_THAT(text, testing::EndsWith("  layers: out/layers.json\n"));
}

TEST(QuantizeText, SaysWhatTheFilesAreWorth) {
  QuantizeResult result;
  result.files = {ArtifactReport{}};
  auto& images = result.images.emplace();
  images.images = 4;
  images.convergence = Convergence{4, 80, {{8, 0.2, 0.3, 0.7, 0.6}}, 128};
  images.objects = ShownObjects{4, 0, 9, 80, {{"dog", 9, 4}}};
  images.objections = {"4 of 4 are dark"};
  result.agreement = FloatAgreement{.images = 12, .is_held_out = true, .objects = 31, .map_50_95 = 0.8125, .map_50 = 0.9};
  const auto text = text_of(result);
  EXPECT_THAT(text,
              HasSubstr("calibration statistics: uncertain by 42.4 % in the worst tenth of the layers; 128 images would leave 7.5 %\n"));
  EXPECT_THAT(text, HasSubstr("sees 9 objects of 1 of its 80 classes on 4 of them\n"));
  EXPECT_THAT(text, HasSubstr("  CAVEAT  4 of 4 are dark\n"));
  EXPECT_THAT(text, HasSubstr("mAP_50_95 0.8125, mAP_50 0.9000, its 31 objects on 12 held-out images as labels\n"));
}

TEST(QuantizeText, SaysWhatIsWrongWithAnAgreement) {
  FloatAgreement agreement{.images = 5, .is_held_out = true, .objects = 31, .map_50_95 = 0.6, .map_50 = 0.7};
  EXPECT_THAT(objections_to(agreement, Task::detect, "mine"), testing::IsEmpty());
  agreement.map_50_95 = 0.59;
  EXPECT_THAT(objections_to(agreement, Task::detect, "mine"), testing::ElementsAre(HasSubstr("finds only a part")));
  agreement = {.images = 5, .is_held_out = false, .objects = 19, .map_50_95 = 1, .map_50 = 1};
  EXPECT_THAT(objections_to(agreement, Task::detect, "mine"),
              testing::ElementsAre(HasSubstr("all images of mine calibrate"), HasSubstr("hangs on 19 objects")));
  agreement = {.images = 1, .is_held_out = true};
  EXPECT_THAT(objections_to(agreement, Task::detect, "mine"), testing::ElementsAre(HasSubstr("sure of no object on 1 image:")));
  EXPECT_THAT(describe(agreement, Task::detect), HasSubstr("none to measure"));
  EXPECT_EQ(to_json(agreement).at("mAP_50_95"), nullptr);
  EXPECT_EQ(float_agreement_from_json(to_json(agreement)).map_50, -1);
  EXPECT_THROW(float_agreement_from_json(Json{{"images", 1}}), Error);
}

TEST(QuantizeText, ABudgetIsReadFromTheLayersDocument) {
  const auto budget =
      budget_report_from_json(Json{{"max_bytes", 1'500'000}, {"chosen", {{"raised", 34}, {"average_bits", 4.67}, {"damage", nullptr}}}});
  EXPECT_EQ(budget.allowed_max_bytes, 1'500'000);
  EXPECT_FALSE(budget.allowed_max_drop);
  EXPECT_EQ(budget.raised_layers, 34);
  EXPECT_THAT(budget_lines(budget, Task::detect),
              testing::ElementsAre("Budget: at most 1500000 bytes in the INT4 dialect; chosen: 4.67 bits on average, "
                                   "34 layers with more"));
  EXPECT_THROW(budget_report_from_json(Json{{"max_bytes", 1}}), Error);
}

TEST(QuantizeText, CallsNumbersAsTheTaskDoes) {
  BudgetReport budget;
  budget.allowed_max_drop = 1.5;
  budget.judge = "mine";
  EXPECT_THAT(budget_lines(budget, Task::detect).front(), HasSubstr("at most 1.5 points of mAP 50-95 below float"));
  EXPECT_THAT(budget_lines(budget, Task::segment).front(), HasSubstr("at most 1.5 points of mask mAP 50-95 below float"));
  EXPECT_THAT(budget_lines(budget, Task::pose).front(), HasSubstr("at most 1.5 points of keypoint AP 50-95 below float"));
  EXPECT_THAT(budget_lines(budget, Task::obb).front(), HasSubstr("at most 1.5 points of oriented mAP 50-95 below float"));
  EXPECT_THAT(budget_lines(budget, Task::classify).front(), HasSubstr("at most 1.5 points of top-1 below float"));
  const FloatAgreement agreement{.images = 5, .is_held_out = true, .objects = 31, .map_50_95 = 0.59, .map_50 = 0.7};
  EXPECT_THAT(describe(agreement, Task::detect), HasSubstr("network: mAP_50_95 0.5900, mAP_50 0.7000, its"));
  EXPECT_THAT(describe(agreement, Task::pose), HasSubstr("network: box mAP_50_95 0.5900, box mAP_50 0.7000, its"));
  EXPECT_THAT(objections_to(agreement, Task::segment, "mine"), testing::ElementsAre(HasSubstr("(box mAP_50_95 0.5900 with")));
}

TEST(ComparisonText, CallsTheNumbersOfBoxesAsTheTaskDoes) {
  Comparison comparison;
  comparison.detections.repairs.emplace();
  EXPECT_THAT(text_of(comparison, false), HasSubstr("agreement: mAP 50-95 of B"));
  EXPECT_THAT(text_of(comparison, false), HasSubstr("\n  mAP 50-95  "));
  comparison.task = "segment";
  EXPECT_THAT(text_of(comparison, false), HasSubstr("agreement: box mAP 50-95 of B"));
  EXPECT_THAT(text_of(comparison, false), HasSubstr("\n  box mAP 50-95  "));
  comparison.task = "obb";
  EXPECT_THAT(text_of(comparison, false), HasSubstr("agreement: upright box mAP 50-95 of B"));
}

TEST(CleanText, SaysWhatWasCompared) {
  CleanResult result;
  result.outputs_compared = true;
  result.output_shapes = {{1, 84, 525}};
  const auto text = text_of(result);
  EXPECT_THAT(text, HasSubstr("There was nothing to clean."));
  EXPECT_THAT(text, HasSubstr("Outputs equal bit for bit"));
  EXPECT_THAT(json_text_of(result), HasSubstr("\"outputs_detail\": \"[1,84,525]\""));
}

TEST(CalibrationText, RecommendsWhereTheErrorIsSmallEnough) {
  CalibrationCheck check;
  check.images = 5;
  check.unreadable = {{"folder/broken.jpg", "broken.jpg: is no image"}};
  check.copies = {{"folder/a.jpg", "folder/b.jpg", 0}};
  check.convergence = Convergence{4, 80, {{8, 0.2, 0.3, 0.7, 0.6}, {16, 0.05, 0.09, 0.8, 0.7}}, 16};
  const auto text = text_of(check);
  EXPECT_THAT(text, HasSubstr("broken.jpg: is no image"));
  EXPECT_THAT(text, HasSubstr("a.jpg = b.jpg"));
  EXPECT_THAT(text, HasSubstr("<- enough"));
  EXPECT_THAT(text, HasSubstr("16 images or more"));
  EXPECT_THAT(text, HasSubstr("3 different readable ones are here: these are too few"));
  check.convergence->recommended = 0;
  EXPECT_THAT(text_of(check), HasSubstr("as many as you have"));
}

LayerDrift layer(const std::string& name, double sqnr_db) {
  LayerDrift drift;
  drift.layer = name;
  drift.sqnr_db = sqnr_db;
  drift.noise_share = 1;
  return drift;
}

TEST(ComparisonText, LeadsFromLayersToAdvice) {
  Comparison c;
  c.category_names = {{1, "dog"}, {2, "cat"}};
  c.detections.against_a.confusions[{1, 2}] = 3;
  c.advice = {{"more bits", "there are few", 0.5}};
  const auto bare = text_of(c, false);
  EXPECT_THAT(bare, Not(HasSubstr("LAYERS")));
  EXPECT_THAT(bare, Not(HasSubstr("with it repaired")));
  EXPECT_THAT(bare, HasSubstr("dog taken for cat (3)"));
  RepairStudy study;
  for (std::size_t k = 0; k < kChanges; ++k) study.changes[k].change = static_cast<Change>(k);
  c.detections.repairs = study;
  c.detections.truth = TruthOutcomes{};
  c.tensors = TensorComparison{};
  c.tensors->layers = {layer("model.0.conv", 30), layer("model.2.cv1.conv", 9)};
  c.tensors->is_end = {false, true};
  c.parts = PartGains{1.5, {{"model.2", {"model.2.cv1.conv"}, 0.6, 0.55, 8000, 4, true}}, 5};
  const auto text = text_of(c, false);
  EXPECT_THAT(text, HasSubstr("first below 20 dB       model.2.cv1.conv (9.0 dB)"));
  EXPECT_THAT(text, HasSubstr("lost by: location"));
  EXPECT_LT(text.find("LAYERS"), text.find("PARTS"));
  EXPECT_LT(text.find("PARTS"), text.find("DETECTIONS"));
  EXPECT_LT(text.find("DETECTIONS"), text.find("WHAT WOULD HELP"));
  EXPECT_THAT(text, HasSubstr("  1. more bits\n     there are few\n"));
  EXPECT_THAT(text_of(c, true), HasSubstr("All layers"));
}

TEST(DoctorText, MarksWhatIsMissing) {
  Diagnosis diagnosis;
  diagnosis.rows = {{DiagnosisRow::State::note, "nibble", "0.1"}, {DiagnosisRow::State::missing, "OpenCV", "gone"}};
  EXPECT_EQ(text_of(diagnosis), "        nibble        0.1\nMISSING OpenCV        gone\n");
  const std::vector<LibraryState> libraries = {{"OpenCV", "", "gone"}, {"LibTorch", "2.11", "no CUDA"}};
  EXPECT_EQ(text_of(libraries), std::string("nibble ") + kVersion + "\nOpenCV missing: gone\nLibTorch 2.11\n");
}

}  // namespace
}  // namespace nibble

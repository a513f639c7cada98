// SPDX-License-Identifier: Apache-2.0
#include "compare/comparison.h"

#include <gmock/gmock.h>

#include <limits>

namespace nibble {
namespace {
using testing::Contains;
using testing::Field;
using testing::HasSubstr;

/// 10 objects of A, all found in B.
Comparison agreeing() {
  Comparison c;
  c.a = {"float.onnx", "aa", 9'350'000, "one2many"};
  c.b = {"w4.onnx", "bb", 2'600'000, "one2many"};
  c.images = "photos";
  c.count = 5;
  c.category_names = {{1, "dog"}, {2, "cat"}};
  c.detections.against_a.objects[1][static_cast<std::size_t>(Outcome::found)] = 10;
  c.detections.shift = {10, 0, 0, 0, 1, 0.25};
  return c;
}

LayerDrift layer(const std::string& name, double sqnr, double slope = 1) {
  LayerDrift drift;
  drift.layer = name;
  drift.sqnr_db = sqnr;
  drift.slope = slope;
  drift.noise_share = 1;
  return drift;
}

/// A loss of 0.1 mAP, half of it by boxes; module model.2 takes away most.
Comparison losing() {
  auto c = agreeing();
  c.annotations = "instances.json";
  c.detections.against_a.objects[0][static_cast<std::size_t>(Outcome::faded)] = 4;
  c.detections.against_a.confusions[{1, 2}] = 3;
  c.detections.shift.mean = -0.1;
  c.detections.shift.equal_confidence = 0.17;
  RepairStudy study;
  study.a = {0.5, 0.2, 0.5, 0.6};
  study.b = {0.4, -1, 0.4, 0.5};
  for (std::size_t k = 0; k < kChanges; ++k) study.changes[k] = {static_cast<Change>(k), {0.41, -1, 0.4, 0.5}, {0.0125, 0, 0, 0}};
  study.changes[static_cast<std::size_t>(Change::location)].cost.all = 0.05;
  c.detections.repairs = study;
  c.detections.truth = TruthOutcomes{};
  TensorComparison tensors;
  tensors.layers = {layer("model.0.conv", 30), layer("model.2.cv1.conv", 9, 0.9), layer("model.23.dfl.conv", 8, 0.9)};
  tensors.layers[1].inherited_db = 30;
  tensors.is_end = {false, false, true};
  tensors.images = 5;
  c.tensors = tensors;
  c.parts = PartGains{
      1.5, {{"model.2", {"model.2.cv1.conv"}, 0.6, 0.55, 8000, 4, true}, {"model.0", {"model.0.conv"}, 0.2, 0.01, 400, 4, true}}, 5};
  return c;
}

TEST(Comparison, NothingHelpsWhereNothingIsLost) {
  const auto advice = advise(agreeing());
  ASSERT_EQ(advice.size(), 1U);
  EXPECT_THAT(advice[0].what, HasSubstr("nothing"));
}

TEST(Comparison, AdviceNamesPartsPricesAndWorth) {
  auto silent = losing();
  silent.lost_scores = "all scores of B are 0: output0 is quantised with one scale";
  ASSERT_EQ(advise(silent).size(), 1U) << "the rest follows from it";
  EXPECT_THAT(advise(silent)[0].why, HasSubstr("output0"));
  const auto advice = advise(losing());
  ASSERT_GE(advice.size(), 4U);
  EXPECT_THAT(advice[0].what, HasSubstr("{match: 'model.2.*', weight_bits: 8}"));
  EXPECT_THAT(advice[0].why, HasSubstr("4 kB in the INT4 file"));
  EXPECT_NEAR(advice[0].share, 0.6, 1e-9);
  EXPECT_NEAR(advice[1].share, 0.5, 1e-9) << "boxes cost 0.05 of the 0.1 lost";
  EXPECT_THAT(advice[1].why, HasSubstr("8.0 dB"));
  EXPECT_THAT(advice, Contains(Field(&Advice::what, HasSubstr("{match: 'model.0.*', activation_bits: 0}")))) << "its weights cost nothing";
  EXPECT_THAT(advice, Contains(Field(&Advice::what, HasSubstr("confidence 0.17 with B"))));
  EXPECT_THAT(advice, Contains(Field(&Advice::what, HasSubstr("restore_gain"))));
  for (std::size_t i = 1; i < advice.size(); ++i) EXPECT_LE(advice[i].share, advice[i - 1].share);
}

TEST(Comparison, ALossWithoutALeaderSaysSo) {
  auto c = losing();
  for (auto& part : c.parts->parts) part.gain = 0.04;
  EXPECT_THAT(advise(c), Contains(Field(&Advice::why, HasSubstr("no single part takes away more than 4 %"))));
}

TEST(Comparison, ABrokenLayerComesFirst) {
  auto c = losing();
  c.tensors->layers[1].is_finite = false;
  EXPECT_THAT(advise(c)[0].what, HasSubstr("model.2.cv1.conv"));
}

TEST(Comparison, JsonHoldsWhatTheTableShowsAndMore) {
  auto c = losing();
  c.advice = advise(c);
  const auto json = to_json(c);
  EXPECT_EQ(json["tensors"]["first_diverged"], "model.2.cv1.conv");
  EXPECT_EQ(json["tensors"]["layers"].size(), 3U);
  EXPECT_EQ(json["tensors"]["layers"][1]["drop_db"], 21);
  EXPECT_EQ(json["detections"]["against_a"]["faded"]["small"], 4);
  EXPECT_EQ(json["detections"]["against_a"]["objects"]["all"], 14);
  EXPECT_EQ(json["detections"]["against_a"]["confusions"][0]["taken_for"], "cat");
  EXPECT_EQ(json["detections"]["map"]["b"]["mAP_small"], nullptr) << "undefined";
  EXPECT_EQ(json["detections"]["map"]["changes"].size(), kChanges);
  EXPECT_EQ(json["parts"]["parts"][0]["gain_of_weights"], 0.55);
  EXPECT_EQ(json["advice"][0]["share"], 0.6);
  const auto bare = to_json(agreeing());
  EXPECT_EQ(bare["tensors"], nullptr);
  EXPECT_EQ(bare["annotations"], nullptr);
  EXPECT_EQ(bare["detections"]["map"], nullptr);
}

TEST(Comparison, InfinityIsNullInJson) {
  auto c = losing();
  c.tensors->layers[0].sqnr_db = std::numeric_limits<double>::infinity();
  const auto json = to_json(c);
  EXPECT_EQ(json["tensors"]["layers"][0]["sqnr_db"], nullptr);
  EXPECT_EQ(json["tensors"]["first_different"], "model.2.cv1.conv");
}

}  // namespace
}  // namespace nibble

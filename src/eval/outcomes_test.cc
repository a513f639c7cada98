// SPDX-License-Identifier: Apache-2.0
#include "eval/outcomes.h"

#include <gmock/gmock.h>

#include "eval/score_shift.h"

namespace nibble {
namespace {
using testing::ElementsAre;
using testing::Pair;

constexpr std::int64_t kDog = 1, kCat = 2;
constexpr double kConfidence = 0.25;

Detection at(double x, std::int64_t category, double score) { return {1, category, score, {x, 0, 100, 100}}; }
std::vector<SeenObject> dog() { return {{1, kDog, {0, 0, 100, 100}, 10000, false, 0.9}}; }

Outcome outcome_of(const std::vector<Detection>& detections) {
  return classify_outcomes(dog(), detections, kConfidence).objects.at(0).outcome;
}

TEST(Outcomes, EachHasItsName) {
  EXPECT_EQ(outcome_of({at(10, kDog, 0.3)}), Outcome::found);
  EXPECT_EQ(outcome_of({at(10, kDog, 0.2)}), Outcome::faded);
  EXPECT_EQ(outcome_of({at(10, kDog, 0.04)}), Outcome::missed) << "below a fifth of the confidence";
  EXPECT_EQ(outcome_of({at(10, kCat, 0.3)}), Outcome::wrong_class);
  EXPECT_EQ(outcome_of({at(50, kDog, 0.3)}), Outcome::mislocated);
  EXPECT_EQ(outcome_of({at(95, kDog, 0.3)}), Outcome::missed);
  EXPECT_EQ(outcome_of({}), Outcome::missed);
}

TEST(Outcomes, AConfidentOtherClassOutranksAFaintRightOne) {
  EXPECT_EQ(outcome_of({at(10, kDog, 0.2), at(0, kCat, 0.6)}), Outcome::wrong_class);
  EXPECT_EQ(outcome_of({at(10, kDog, 0.3), at(0, kCat, 0.6)}), Outcome::found);
}

TEST(Outcomes, AFaintBoxNeverTakesAnObjectFromASureOne) {
  const auto outcomes = classify_outcomes(dog(), {at(0, kDog, 0.2), at(30, kDog, 0.9)}, kConfidence);
  EXPECT_EQ(outcomes.objects[0].detection, 1U);
  EXPECT_EQ(outcomes.objects[0].outcome, Outcome::found);
}

TEST(Outcomes, CountsBySizeBandAndConfusion) {
  auto objects = dog();
  objects.push_back({1, kDog, {500, 0, 20, 20}, 400, false, 0.9});
  const auto counts = classify_outcomes(objects, {at(10, kCat, 0.9), {1, kDog, 0.9, {501, 0, 20, 20}}}, kConfidence).counts;
  EXPECT_EQ(counts.total(), 2);
  EXPECT_EQ(counts.objects[0][static_cast<std::size_t>(Outcome::found)], 1);
  EXPECT_EQ(counts.objects[2][static_cast<std::size_t>(Outcome::wrong_class)], 1);
  EXPECT_THAT(counts.found_by_iou, ElementsAre(0, 0, 1)) << "19 of 21 columns are shared";
  EXPECT_THAT(counts.confusions, ElementsAre(Pair(std::pair(kDog, kCat), 1)));
  EXPECT_EQ(counts.count(Alarm::background), 0) << "what explains an object is no alarm as well";
}

TEST(Outcomes, AlarmsAreSorted) {
  const auto counts = classify_outcomes(dog(), {at(0, kDog, 0.9), at(20, kDog, 0.8), at(400, kDog, 0.7), at(800, kDog, 0.6)}, kConfidence,
                                        {at(400, kDog, 0.1)})
                          .counts;
  EXPECT_EQ(counts.count(Alarm::duplicate), 1);
  EXPECT_EQ(counts.count(Alarm::risen), 1);
  EXPECT_EQ(counts.count(Alarm::background), 1);
}

TEST(Outcomes, ACrowdForgivesAndIsNoObject) {
  std::vector<SeenObject> objects = {{1, kDog, {0, 0, 500, 500}, 250000, true, 1}};
  const auto outcomes = classify_outcomes(objects, {at(100, kDog, 0.9), at(100, kCat, 0.9)}, kConfidence);
  EXPECT_EQ(outcomes.objects.size(), 0U);
  EXPECT_EQ(outcomes.counts.total(), 0);
  EXPECT_EQ(outcomes.counts.count(Alarm::background), 1) << "the cat alone";
}

TEST(Outcomes, SizesAreCocos) {
  EXPECT_EQ(size_of_area(1023), ObjectSize::small);
  EXPECT_EQ(size_of_area(1024), ObjectSize::medium);
  EXPECT_EQ(size_of_area(9216), ObjectSize::medium);
  EXPECT_EQ(size_of_area(9217), ObjectSize::large);
}

TEST(ScoreShift, ComparesWhatBothSee) {
  const std::vector<Detection> a = {at(0, kDog, 0.9), at(200, kDog, 0.5), at(400, kDog, 0.3)};
  const std::vector<Detection> b = {at(0, kDog, 0.7), at(200, kDog, 0.5), at(400, kDog, 0.1), at(800, kDog, 0.05)};
  const auto objects = objects_of(a, kConfidence);
  const auto shift = measure_score_shift(objects, classify_outcomes(objects, b, kConfidence, a), b, kConfidence);
  EXPECT_EQ(shift.pairs, 3);
  EXPECT_NEAR(shift.mean, -0.4 / 3, 1e-12);
  EXPECT_NEAR(shift.median, -0.2, 1e-12);
  EXPECT_NEAR(shift.fallen_share, 2.0 / 3, 1e-12);
  EXPECT_NEAR(shift.mean_iou, 1, 1e-12);
  EXPECT_NEAR(shift.equal_confidence, 0.1, 1e-12) << "three of A, the third of B";
}

TEST(ScoreShift, OfNothingIsZero) {
  const auto shift = measure_score_shift({}, {}, {}, kConfidence);
  EXPECT_EQ(shift.pairs, 0);
  EXPECT_EQ(shift.equal_confidence, kConfidence);
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "eval/repair.h"

#include <gmock/gmock.h>

#include <numeric>
#include <random>

#include "eval/coco_map.h"

namespace nibble {
namespace {

constexpr double kTolerance = 1e-12;

std::size_t index_of(Change change) { return static_cast<std::size_t>(change); }

/// Dogs (1) and cats (2) of several sizes in a row, in four images.
CocoDataset scene() {
  CocoDataset truth{"scene.json", {}, {}, {{1, "dog"}, {2, "cat"}}};
  std::int64_t id = 1;
  for (std::int64_t image = 1; image <= 4; ++image) {
    truth.images.push_back({image, "i.jpg", 1000, 1000});
    for (int k = 0; k < 6; ++k) {
      const double side = 20 + 30 * k;
      truth.annotations.push_back(
          {id++, image, 1 + k % 2, {150.0 * k, 10.0 * static_cast<double>(image), side, side}, side * side, false, false});
    }
  }
  return truth;
}

/// The truth seen by an imperfect network.
std::vector<Detection> seen(const CocoDataset& truth, std::uint32_t seed, double noise) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<Detection> detections;
  for (const auto& a : truth.annotations) {
    if (unit(random) < 0.5 * noise) continue;
    const bool is_wrong = unit(random) < 0.5 * noise;
    auto box = a.box_xywh_px;
    box[0] += noise * unit(random) * box[2];
    detections.push_back({a.image_id, is_wrong ? 3 - a.category_id : a.category_id, 1 - noise * unit(random), box});
    if (unit(random) < 0.5 * noise) detections.push_back({a.image_id, a.category_id, unit(random), {box[0] + 40, 500, box[2], box[3]}});
  }
  return detections;
}

class RepairTest : public testing::Test {
 protected:
  const CocoDataset truth_ = scene();
  const std::vector<Detection> a_ = seen(truth_, 1, 0.2), b_ = seen(truth_, 2, 0.6);
  const Pairing pairing_ = pair_detections(a_, b_);
};

TEST_F(RepairTest, RepairingEverythingGivesA) {
  const auto all = repair(a_, b_, pairing_, Repairs().set());
  ASSERT_EQ(all.size(), a_.size());
  for (std::size_t i = 0; i < a_.size(); ++i) {
    EXPECT_EQ(all[i].image_id, a_[i].image_id);
    EXPECT_EQ(all[i].category_id, a_[i].category_id);
    EXPECT_EQ(all[i].score, a_[i].score);
    EXPECT_EQ(all[i].box_xywh_px, a_[i].box_xywh_px);
  }
}

TEST_F(RepairTest, TheCostsAddUpToTheLoss) {
  const auto study = study_repairs(truth_, a_, b_, pairing_);
  EXPECT_NEAR(study.a.all, evaluate_coco(truth_, a_).map_50_95, kTolerance);
  EXPECT_NEAR(study.b.all, evaluate_coco(truth_, b_).map_50_95, kTolerance);
  ASSERT_GT(study.a.all - study.b.all, 0.1) << "a scene that loses nothing proves nothing";
  double all = 0, small = 0;
  for (const auto& change : study.changes) {
    all += change.cost.all;
    small += change.cost.small;
  }
  EXPECT_NEAR(all, study.a.all - study.b.all, kTolerance);
  EXPECT_NEAR(small, study.a.small - study.b.small, kTolerance);
}

/// B is A with one kind of damage: that kind carries the whole loss, and repairing it alone gives A's score back.
void expect_blame(const CocoDataset& truth, const std::vector<Detection>& a, const std::vector<Detection>& b, Change blamed) {
  const auto study = study_repairs(truth, a, b, pair_detections(a, b));
  const double loss = study.a.all - study.b.all;
  ASSERT_GT(loss, 0.01) << name_of(blamed);
  for (const auto& change : study.changes) EXPECT_NEAR(change.cost.all, change.change == blamed ? loss : 0, 1e-9) << name_of(change.change);
  EXPECT_NEAR(study.changes[index_of(blamed)].repaired.all, study.a.all, kTolerance) << name_of(blamed);
}

TEST_F(RepairTest, OneKindOfDamageIsBlamedAlone) {
  std::vector<Detection> perfect;
  for (const auto& a : truth_.annotations)
    perfect.push_back({a.image_id, a.category_id, 0.9 - 0.001 * static_cast<double>(a.id), a.box_xywh_px});
  auto missed = perfect;
  missed.resize(missed.size() - 5);
  expect_blame(truth_, perfect, missed, Change::missed);
  auto extra = perfect;
  extra.push_back({1, 1, 0.95, {700, 700, 50, 50}});
  expect_blame(truth_, perfect, extra, Change::extra);
  auto moved = perfect;
  for (auto& detection : moved) detection.box_xywh_px[0] += 0.25 * detection.box_xywh_px[2];
  expect_blame(truth_, perfect, moved, Change::location);
  auto renamed = perfect;
  renamed[3].category_id = 3 - renamed[3].category_id;
  expect_blame(truth_, perfect, renamed, Change::wrong_class);
}

TEST_F(RepairTest, LowScoresOfRightBoxesAreBlamedOnTheScore) {
  std::vector<Detection> a, b;
  for (const auto& truth : truth_.annotations) {
    a.push_back({truth.image_id, truth.category_id, 0.9, truth.box_xywh_px});
    a.push_back({truth.image_id, truth.category_id, 0.2, {truth.box_xywh_px[0], 700, 30, 30}});
  }
  b = a;
  for (std::size_t i = 0; i < b.size(); i += 4) b[i].score = 0.1;  // now behind the false alarms
  expect_blame(truth_, a, b, Change::score);
}

TEST_F(RepairTest, EqualDetectionsCostNothing) {
  const auto study = study_repairs(truth_, a_, a_, pair_detections(a_, a_));
  for (const auto& change : study.changes) EXPECT_NEAR(change.cost.all, 0, kTolerance);
}

}  // namespace
}  // namespace nibble

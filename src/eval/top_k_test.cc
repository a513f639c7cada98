// SPDX-License-Identifier: Apache-2.0
#include "eval/top_k.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "support/scratch.h"

namespace nibble {
namespace {

TEST(BestClasses, AreOrderedByProbability) {
  const std::array<float, 4> probabilities{0.2F, 0.5F, 0.2F, 0.1F};
  const auto best = best_classes(probabilities, 3, 7);
  ASSERT_EQ(best.size(), 3U);
  EXPECT_EQ(best[0].category_id, 1);
  EXPECT_EQ(best[0].score, 0.5);
  EXPECT_EQ(best[0].image_id, 7);
  EXPECT_EQ(best[1].category_id, 0) << "of equal ones the lower number first";
  EXPECT_EQ(best[2].category_id, 2);
  EXPECT_EQ(best_classes(probabilities, 9, 7).size(), 4U);
  const std::array<float, 2> broken{0.5F, std::numeric_limits<float>::quiet_NaN()};
  test::expect_error(ErrorKind::numeric, {"image 7", "not finite"}, [&] { best_classes(broken, 2, 7); });
}

/// Four images: first, fifth, sixth and first.
struct ClassScenario {
  CocoDataset set;
  std::vector<Detection> detections;
  ClassScenario() {
    set.categories = {{0, "cat"}, {7, "dog"}};
    for (const auto& [id, label, rank] : {std::array{1, 0, 0}, std::array{2, 0, 4}, std::array{3, 0, 5}, std::array{4, 7, 0}}) {
      set.images.push_back({id, std::to_string(id)});
      set.annotations.push_back({id, id, label});
      for (int k = 0; k < 6; ++k) detections.push_back({id, k == rank ? label : 100 + k, 0.9 - 0.1 * k, {}});
    }
  }
};

TEST(EvaluateClasses, IsTheShareOfAllImages) {
  const ClassScenario s;
  const auto found = evaluate_classes(s.set, s.detections, {.resamples = 500});
  const auto& metrics = found.metrics;
  EXPECT_EQ(metrics.num_images, 4);
  EXPECT_DOUBLE_EQ(metrics.top_1, 0.5);
  EXPECT_DOUBLE_EQ(metrics.top_5, 0.75);
  ASSERT_EQ(metrics.per_class.size(), 2U);
  EXPECT_EQ(metrics.per_class[0].name, "cat");
  EXPECT_DOUBLE_EQ(metrics.per_class[0].top_1, 1.0 / 3);
  EXPECT_DOUBLE_EQ(metrics.per_class[0].top_5, 2.0 / 3);
  EXPECT_EQ(metrics.per_class[1].label, 7);
  EXPECT_EQ(evaluate_classes({}, {}, {}).metrics.top_1, -1);
  // Of four images with two right, 95 % of the resamples lie between none or one, and three or four.
  EXPECT_LE(metrics.intervals.at("top_1").low, 0.25);
  EXPECT_GE(metrics.intervals.at("top_1").high, 0.75);
}

TEST(EvaluateClasses, PairsChangesByImage) {
  const ClassScenario s;
  auto better = s.detections;
  for (auto& detection : better)
    if (detection.image_id == 2) detection.score = detection.category_id == 0 ? 0.95 : 0.1;
  auto score = evaluate_classes(s.set, better, {.resamples = 500});
  measure_changes(score, evaluate_classes(s.set, s.detections, {.resamples = 500}));
  const auto& change = score.metrics.changes.at("top_1");
  EXPECT_DOUBLE_EQ(change.difference, 0.25);
  EXPECT_GE(change.interval->low, 0) << "no image became worse";
  EXPECT_EQ(score.metrics.changes.at("top_5").difference, 0);
  const auto json = to_json(score.metrics);
  EXPECT_EQ(json["change"], 0.25);
  EXPECT_TRUE(json.contains("top_1_interval"));
  EXPECT_TRUE(json.contains("top_5_change_interval"));
}

TEST(EvaluateClasses, RefusesWhatIsNoClassOfEachImage) {
  ClassScenario s;
  s.set.annotations.push_back({9, 1, 7});
  test::expect_error(ErrorKind::input, {"image 1 has two classes"}, [&] { evaluate_classes(s.set, {}, {}); });
  s.set.annotations.clear();
  test::expect_error(ErrorKind::input, {"image 1 has no class"}, [&] { evaluate_classes(s.set, {}, {}); });
  test::expect_error(ErrorKind::input, {"image 12 is not in the data set"}, [&] { evaluate_classes(s.set, {{12, 0, 0.5, {}}}, {}); });
}

}  // namespace
}  // namespace nibble

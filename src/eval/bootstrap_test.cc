// SPDX-License-Identifier: Apache-2.0
#include "eval/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "support/scratch.h"

namespace nibble {
namespace {

using Random = std::mt19937_64;
using Weights = std::vector<std::uint32_t>;

constexpr double kEqual = 1e-12;

struct Scenario {
  CocoDataset truth;
  std::vector<Detection> detections;
};

double uniform(Random& random, double low, double high) { return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53; }

/// Appends an image of a made-up world: up to three objects of three classes, each found with a chance that depends on its size and on how
/// hard the image is, and false alarms. All scores differ.
void add_image(Scenario& s, Random& random, double skill) {
  const auto image = static_cast<std::int64_t>(s.truth.images.size()) + 1;
  s.truth.images.push_back({image, "x", 640, 640});
  const double ease = uniform(random, 0.3, 1);
  const auto add = [&](std::int64_t category, double score, std::array<double, 4> box) {
    s.detections.push_back({image, category, score + 1e-7 * uniform(random, 0, 1), box});
  };
  for (std::uint64_t i = random() % 4; i > 0; --i) {
    const double side = std::exp(uniform(random, 2.5, 5.5)), x = uniform(random, 0, 400), y = uniform(random, 0, 400);
    const auto category = static_cast<std::int64_t>(random() % 3) + 1;
    const auto id = static_cast<std::int64_t>(s.truth.annotations.size()) + 1;
    s.truth.annotations.push_back({id, image, category, {x, y, side, side}, side * side, random() % 50 == 0, false});
    const double luck = uniform(random, 0, 1), off = side * 0.3 * std::pow(uniform(random, 0, 1), 2),
                 score = uniform(random, 0.3, 1) * ease;
    if (luck < skill * ease) add(category, score, {x + off, y, side, side});
    if (random() % 3 == 0) add(category, uniform(random, 0, 0.5), {x, y + side / 3, side, side});
  }
  for (std::uint64_t i = random() % 4; i > 0; --i)
    add(static_cast<std::int64_t>(random() % 3) + 1, uniform(random, 0, 0.7),
        {uniform(random, 0, 500), uniform(random, 0, 500), uniform(random, 10, 140), uniform(random, 10, 140)});
}

Scenario world(std::size_t images, std::uint64_t seed, double skill = 0.9) {
  Scenario s;
  for (std::int64_t c = 1; c <= 3; ++c) s.truth.categories.push_back({c, "class"});
  Random random(seed);
  for (std::size_t i = 0; i < images; ++i) add_image(s, random, skill);
  return s;
}

/// Every image weights[i] times in a row, under new ids.
Scenario repeated(const Scenario& s, const Weights& weights) {
  Scenario copy{{"copies", {}, {}, s.truth.categories}, {}};
  std::int64_t image = 0, annotation = 0;
  for (std::size_t i = 0; i < s.truth.images.size(); ++i)
    for (std::uint32_t w = 0; w < weights[i]; ++w) {
      const auto old_id = s.truth.images[i].id;
      copy.truth.images.push_back({++image, "x", 640, 640});
      for (auto a : s.truth.annotations)
        if (a.image_id == old_id) {
          a.image_id = image;
          a.id = a.id == 0 ? 0 : ++annotation;
          copy.truth.annotations.push_back(a);
        }
      for (auto d : s.detections)
        if (d.image_id == old_id) {
          d.image_id = image;
          copy.detections.push_back(d);
        }
    }
  return copy;
}

void expect_same_as_copies(const Scenario& s, const Weights& weights, const std::string& what) {
  const auto copies = repeated(s, weights);
  const auto expected = numbers_of(evaluate_coco(copies.truth, copies.detections, 1));
  const auto found = weighted_numbers(s.truth, s.detections, weights);
  for (std::size_t n = 0; n < kCocoNumbers; ++n) EXPECT_NEAR(found[n], expected[n], kEqual) << what << ": " << kCocoNumberNames[n];
}

TEST(Bootstrap, AWeightIsThatManyCopiesOfTheImage) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto s = world(40, seed);
    expect_same_as_copies(s, Weights(40, 1), "once");
    for (std::int64_t resample = 0; resample < 5; ++resample)
      expect_same_as_copies(s, draw_weights(40, seed, resample), "seed " + std::to_string(seed));
  }
}

TEST(Bootstrap, AResampleOfARealEvaluationEqualsCopiesOfItsImages) {
  const auto shared = test::shared_folder();
  if (!shared) GTEST_SKIP() << "needs ../shared or NIBBLE_SHARED";
  const auto truth = select_images(read_coco(*shared / "coco/annotations/instances_val2017.json"), {.max_images = 100, .ids = {}});
  const Scenario s{truth, read_detections(*shared / "reference/coco/detections_val100.json")};
  for (std::int64_t resample = 0; resample < 3; ++resample) expect_same_as_copies(s, draw_weights(100, 0, resample), "resample");
}

TEST(Bootstrap, ANumberWithoutObjectsStaysUndefined) {
  const auto s = world(6, 3);
  EXPECT_EQ(weighted_numbers(s.truth, s.detections, Weights(6, 0)), (CocoNumbers{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}));
}

TEST(Bootstrap, DrawsAsManyImagesAsThereAre) {
  double variance = 0;
  for (std::int64_t resample = 0; resample < 200; ++resample) {
    const auto weights = draw_weights(100, 7, resample);
    EXPECT_EQ(std::accumulate(weights.begin(), weights.end(), 0U), 100U);
    for (const auto w : weights) variance += (w - 1.0) * (w - 1.0) / (100 * 200);
  }
  EXPECT_NEAR(variance, 0.99, 0.05);  // of a multinomial count: 1 - 1 / n
  EXPECT_EQ(draw_weights(100, 7, 3), draw_weights(100, 7, 3));
  EXPECT_NE(draw_weights(100, 7, 3), draw_weights(100, 7, 4));
  EXPECT_NE(draw_weights(100, 7, 3), draw_weights(100, 8, 3));
}

TEST(Bootstrap, ThreadsChangeNothingAndASeedDoes) {
  const auto s = world(50, 1);
  const auto one = evaluate_resampled(s.truth, s.detections, {.resamples = 64, .seed = 1, .threads = 1});
  const auto three = evaluate_resampled(s.truth, s.detections, {.resamples = 64, .seed = 1, .threads = 3});
  const auto other = evaluate_resampled(s.truth, s.detections, {.resamples = 64, .seed = 2, .threads = 1});
  EXPECT_EQ(one.samples, three.samples);
  EXPECT_NE(one.samples, other.samples);
  EXPECT_EQ(numbers_of(one.metrics), numbers_of(evaluate_coco(s.truth, s.detections)));
  const auto interval = one.metrics.intervals.at("mAP_50_95");
  EXPECT_LT(interval.low, one.metrics.map_50_95);
  EXPECT_GT(interval.high, one.metrics.map_50_95);
}

TEST(Bootstrap, OneImageAndNoResamplesGiveNoInterval) {
  const auto one = world(1, 5), many = world(30, 5);
  EXPECT_TRUE(evaluate_resampled(one.truth, one.detections, {}).metrics.intervals.empty());
  EXPECT_TRUE(evaluate_resampled(many.truth, many.detections, {.resamples = 0}).metrics.intervals.empty());
}

TEST(Bootstrap, TheSameDetectionsDifferByNothing) {
  const auto s = world(30, 5);
  auto a = evaluate_resampled(s.truth, s.detections, {.resamples = 100});
  measure_changes(a, a);
  const auto& change = a.metrics.changes.at("mAP_50_95");
  EXPECT_EQ(change.difference, 0);
  EXPECT_EQ(change.interval->low, 0);
  EXPECT_EQ(change.interval->high, 0);
  EXPECT_EQ(change.ratio, 1);
}

TEST(Bootstrap, ADifferenceOnTheSameImagesIsKnownBetterThanEachScore) {
  auto s = world(100, 9);
  const auto baseline = evaluate_resampled(s.truth, s.detections, {.resamples = 300});
  for (auto& d : s.detections) d.box_xywh_px[0] += d.box_xywh_px[2] * 0.02;
  auto moved = evaluate_resampled(s.truth, s.detections, {.resamples = 300});
  measure_changes(moved, baseline);
  const auto own = moved.metrics.intervals.at("mAP_50_95");
  const auto change = moved.metrics.changes.at("mAP_50_95");
  EXPECT_DOUBLE_EQ(change.difference, moved.metrics.map_50_95 - baseline.metrics.map_50_95);
  EXPECT_LT(change.interval->high - change.interval->low, 0.5 * (own.high - own.low));
  EXPECT_TRUE(change.ratio_interval->holds(*change.ratio));
}

/// In a world whose true scores are known (from very many images), 95 % intervals from 100 images hold them about so often.
TEST(BootstrapCoverage, IntervalsHoldTheTrueValueAboutAsOftenAsTheySay) {
  constexpr std::size_t kImages = 100;
  constexpr int kSets = 200;
  const auto numbers_in = [](const Scenario& s) { return numbers_of(evaluate_coco(s.truth, s.detections)); };
  const auto truth = numbers_in(world(20000, 1'000'000)), worse_truth = numbers_in(world(20000, 1'000'000, 0.8));
  ASSERT_LT(worse_truth[0], truth[0] - 0.02);
  std::array<int, 2> held{}, held_change{};
  for (std::uint64_t set = 0; set < kSets; ++set) {
    const auto s = world(kImages, set), worse = world(kImages, set, 0.8);
    const auto a = evaluate_resampled(s.truth, s.detections, {.resamples = 200, .seed = set});
    auto b = evaluate_resampled(worse.truth, worse.detections, {.resamples = 200, .seed = set});
    measure_changes(b, a);
    for (std::size_t n = 0; n < 2; ++n) {
      held[n] += a.metrics.intervals.at(kCocoNumberNames[n]).holds(truth[n]) ? 1 : 0;
      held_change[n] += b.metrics.changes.at(kCocoNumberNames[n]).interval->holds(worse_truth[n] - truth[n]) ? 1 : 0;
    }
  }
  RecordProperty("held_mAP_50_95", held[0]);
  RecordProperty("held_mAP_50", held[1]);
  RecordProperty("held_change_mAP_50_95", held_change[0]);
  RecordProperty("held_change_mAP_50", held_change[1]);
  for (const int count : {held[0], held[1], held_change[0], held_change[1]}) {
    EXPECT_GE(count, 0.90 * kSets);
    EXPECT_LE(count, 0.99 * kSets);
  }
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "calibration/score_correction.h"

#include <gmock/gmock.h>

#include <cmath>

#include "artifacts/source_model.h"
#include "parity/outputs.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using testing::HasSubstr;

double sigmoid(double logit) { return 1 / (1 + std::exp(-logit)); }

/// Scores of logits from -4 to 4, and of what slope and shift make of them.
std::vector<double> scores_of(std::size_t count, double slope, double shift) {
  std::vector<double> scores;
  for (std::size_t i = 0; i < count; ++i)
    scores.push_back(sigmoid(slope * (-4 + 8 * static_cast<double>(i) / static_cast<double>(count)) + shift));
  return scores;
}

TEST(ScoreCorrection, TakesBackWhatAStraightLineDid) {
  std::string why_not;
  const auto found = fit_score_correction(scores_of(1000, 1, 0), scores_of(1000, 0.8, -0.4), why_not);
  ASSERT_TRUE(found) << why_not;
  EXPECT_NEAR(found->slope, 1.25, 0.01);
  EXPECT_NEAR(found->shift, 0.5, 0.01);
  EXPECT_EQ(found->above_half, 500);
  EXPECT_LT(found->quantized_above_half, 450);
}

TEST(ScoreCorrection, LeavesEqualScoresAlone) {
  std::string why_not;
  const auto scores = scores_of(1000, 1, 0);
  const auto found = fit_score_correction(scores, scores, why_not);
  ASSERT_TRUE(found) << why_not;
  EXPECT_NEAR(found->slope, 1, 0.02);
  EXPECT_NEAR(found->shift, 0, 0.02);
}

TEST(ScoreCorrection, SaysWhyThereIsNone) {
  const auto reason = [](const std::vector<double>& float_scores, const std::vector<double>& quantized_scores) {
    std::string why_not;
    EXPECT_FALSE(fit_score_correction(float_scores, quantized_scores, why_not));
    return why_not;
  };
  EXPECT_THAT(reason(scores_of(30, 1, 0), scores_of(30, 1, 0)), HasSubstr("sure of too little"));
  EXPECT_THAT(reason({}, {}), HasSubstr("0 detections above 0.25"));
  EXPECT_THAT(reason(scores_of(1000, 1, 0), scores_of(100, 1, 0)), HasSubstr("the quantised network has 100 detections"));
  EXPECT_THAT(reason(scores_of(1000, 1, 0), std::vector<double>(1000, 0.1)), HasSubstr("slope")) << "all equal: collapsed";
}

TEST(ScoreCorrection, ChangesTheScoresOfTheNetworkAndNotItsBoxes) {
  const auto detector = read_baseline(NIBBLE_SOURCE_DIR "/assets/yolov10n.pt", {.head = Head::one2many, .image_size = 64});
  ScoreCorrection correction;
  correction.slope = 1.25;
  correction.shift = -0.5;
  std::vector<float> pixels(3 * 64 * 64);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i % 97) / 97;
  const auto input = Tensor::of<float>({1, 3, 64, 64}, std::move(pixels));
  const auto before = parity::run_exported(detector.graph, input);
  const auto after = parity::run_exported(with_score_correction(detector.graph, correction), input);
  const auto a = before.as<float>(), b = after.as<float>();
  const auto anchors = static_cast<std::size_t>(before.shape()[2]);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (i < 4 * anchors) {
      EXPECT_EQ(a[i], b[i]) << i;
      continue;
    }
    const double score = static_cast<double>(a[i]);
    EXPECT_NEAR(static_cast<double>(b[i]), sigmoid(correction.slope * std::log(score / (1 - score)) + correction.shift), 1e-5) << i;
  }
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "eval/score_shift.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "eval/median.h"

namespace nibble {
namespace {

constexpr double kFallen = 0.1;

double equal_confidence(std::size_t count, const std::vector<Detection>& b, double confidence) {
  if (count == 0 || b.empty()) return confidence;
  std::vector<double> scores;
  for (const auto& detection : b) scores.push_back(detection.score);
  const auto last = scores.begin() + static_cast<std::ptrdiff_t>(std::min(count, scores.size()) - 1);
  std::nth_element(scores.begin(), last, scores.end(), std::greater<>());
  return *last;
}

}  // namespace

ScoreShift measure_score_shift(const std::vector<SeenObject>& objects, const Outcomes& outcomes, const std::vector<Detection>& b,
                               double confidence) {
  ScoreShift shift;
  shift.equal_confidence = equal_confidence(objects.size(), b, confidence);
  std::vector<double> changes;
  double overlaps = 0;
  for (std::size_t i = 0; i < outcomes.objects.size(); ++i) {
    const auto& [outcome, detection, iou] = outcomes.objects[i];
    if (outcome != Outcome::found && outcome != Outcome::faded) continue;
    changes.push_back(b[detection].score - objects[i].score);
    overlaps += iou;
  }
  if (changes.empty()) return shift;
  const auto count = static_cast<double>(changes.size());
  shift.pairs = static_cast<std::int64_t>(changes.size());
  shift.mean = std::accumulate(changes.begin(), changes.end(), 0.0) / count;
  shift.median = median_of(changes);
  shift.fallen_share = static_cast<double>(std::count_if(changes.begin(), changes.end(), [](double c) { return c < -kFallen; })) / count;
  shift.mean_iou = overlaps / count;
  return shift;
}

}  // namespace nibble

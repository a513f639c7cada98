// SPDX-License-Identifier: Apache-2.0
#include "eval/detection_blame.h"

#include "eval/agreement.h"

namespace nibble {
namespace {

TruthOutcomes compare_to_truth(const CocoDataset& truth, const std::vector<Detection>& a, const std::vector<Detection>& b,
                               double confidence) {
  const auto objects = objects_of(truth);
  const auto fates_a = classify_outcomes(objects, a, confidence), fates_b = classify_outcomes(objects, b, confidence);
  TruthOutcomes result{fates_a.counts, fates_b.counts, 0, 0, {}};
  for (std::size_t i = 0; i < fates_a.objects.size(); ++i) {
    const auto in_a = fates_a.objects[i].outcome, in_b = fates_b.objects[i].outcome;
    if (in_a != Outcome::found && in_b == Outcome::found) ++result.gained;
    if (in_a != Outcome::found || in_b == Outcome::found) continue;
    ++result.lost;
    ++result.lost_as[static_cast<std::size_t>(in_b)];
  }
  return result;
}

void add_intervals(const CocoDataset& truth, const std::vector<Detection>& a, const std::vector<Detection>& b, const Resampling& resampling,
                   RepairStudy& study) {
  const auto score_a = evaluate_resampled(truth, a, resampling);
  auto score_b = evaluate_resampled(truth, b, resampling);
  measure_changes(score_b, score_a);
  study.a_intervals = score_a.metrics.intervals;
  study.b_intervals = score_b.metrics.intervals;
  study.differences = score_b.metrics.changes;
}

}  // namespace

DetectionBlame blame_detections(const CocoDataset& data, bool has_truth, const std::vector<Detection>& a, const std::vector<Detection>& b,
                                double confidence, const Resampling& resampling) {
  const auto seen = objects_of(a, confidence);
  const auto outcomes = classify_outcomes(seen, b, confidence, a);
  DetectionBlame blame{confidence,
                       measure_agreement(data, a, b, confidence, threads),
                       outcomes.counts,
                       measure_score_shift(seen, outcomes, b, confidence),
                       {},
                       {}};
  if (!has_truth) return blame;
  blame.truth = compare_to_truth(data, a, b, confidence);
  blame.repairs = study_repairs(data, a, b, pair_detections(a, b), resampling.threads);
  if (resampling.resamples > 0) add_intervals(data, a, b, resampling, *blame.repairs);
  return blame;
}

}  // namespace nibble

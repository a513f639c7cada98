// SPDX-License-Identifier: Apache-2.0
// Precision and recall after pycocotools' COCOeval.accumulate and summarize. Only found detections matter to the precision
// curve: between two of them precision falls, so its upper envelope has its corners there.
#include "eval/coco_map.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace nibble {
namespace {

using namespace coco;

constexpr std::size_t kRecallPoints = 101;
constexpr std::array<std::uint32_t, 3> kDetectionLimits = {1, 10, 100};
constexpr std::size_t kAll = 0, kSmall = 1, kMedium = 2, kLarge = 3;

// ---- precision and recall of one class

struct ClassResult {
  std::array<std::int64_t, kAreas> counted{};                                       ///< ground truths
  std::array<std::array<double, kThresholds>, kAreas> precision{};                  ///< mean over the recall points
  std::array<std::array<double, kThresholds>, kAreas> recall{};                     ///< at 100 detections
  std::array<std::array<double, kThresholds>, kDetectionLimits.size()> by_limit{};  ///< recall, all areas
};

/// Precision at its upper envelope, averaged over the recall points 0, 0.01, ... 1. `alarms[k]`: false alarms that rank
/// before the (k+1)-th find. Example: one truth of two found first, nothing else: 51 points at 1, 50 at 0.
double mean_precision(const std::vector<std::int64_t>& alarms, std::int64_t counted) {
  constexpr double kEpsilon = 2.220446049250313e-16;  // numpy.spacing(1)
  std::vector<double> precision(alarms.size());
  for (std::size_t k = alarms.size(); k-- > 0;) {
    const auto finds = static_cast<double>(k + 1);
    precision[k] = finds / (static_cast<double>(alarms[k]) + finds + kEpsilon);
    if (k + 1 < alarms.size()) precision[k] = std::max(precision[k], precision[k + 1]);
  }
  double sum = 0;
  std::size_t k = 0;
  for (std::size_t r = 0; r < kRecallPoints; ++r) {
    const double recall = r + 1 < kRecallPoints ? static_cast<double>(r) * 0.01 : 1.0;
    while (k < alarms.size() && static_cast<double>(k + 1) / static_cast<double>(counted) < recall) ++k;
    if (k == alarms.size()) break;
    sum += precision[k];
  }
  return sum / kRecallPoints;
}

void measure_curve(const std::vector<Outcome>& outcomes, std::size_t area, std::size_t threshold, ClassResult& result) {
  const auto bit = bit_of(area, threshold);
  const auto counted = result.counted[area];
  std::vector<std::int64_t> alarms;
  std::array<std::int64_t, kDetectionLimits.size()> finds{};
  std::int64_t false_alarms = 0;
  for (const auto& outcome : outcomes) {
    if (outcome.ignored & bit) continue;
    if (!(outcome.found & bit)) {
      ++false_alarms;
      continue;
    }
    alarms.push_back(false_alarms);
    for (std::size_t m = 0; m < finds.size(); ++m) finds[m] += outcome.rank < kDetectionLimits[m];
  }
  result.precision[area][threshold] = mean_precision(alarms, counted);
  result.recall[area][threshold] = static_cast<double>(finds.back()) / static_cast<double>(counted);
  if (area != kAll) return;
  for (std::size_t m = 0; m < finds.size(); ++m)
    result.by_limit[m][threshold] = static_cast<double>(finds[m]) / static_cast<double>(counted);
}

ClassResult measure_class(const ClassOutcomes& input) {
  ClassResult result;
  for (std::size_t a = 0; a < kAreas; ++a) result.counted[a] = static_cast<std::int64_t>(input.truths[a].size());
  for (std::size_t a = 0; a < kAreas; ++a)
    for (std::size_t t = 0; t < kThresholds && result.counted[a] > 0; ++t) measure_curve(input.outcomes, a, t, result);
  return result;
}

// ---- summary

/// Mean over the classes that have ground truth in `area`; -1 if none has.
template <class ValueOf>
double mean_over_classes(const std::vector<ClassResult>& results, std::size_t area, ValueOf value_of) {
  double sum = 0;
  std::int64_t classes = 0;
  for (const auto& result : results) {
    if (result.counted[area] == 0) continue;
    sum += value_of(result);
    ++classes;
  }
  return classes > 0 ? sum / static_cast<double>(classes) : -1;
}

double mean_of(const std::array<double, kThresholds>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / kThresholds;
}

void summarize_means(const std::vector<ClassResult>& results, CocoMetrics& metrics) {
  const auto precision = [&](std::size_t area) {
    return mean_over_classes(results, area, [&](const ClassResult& r) { return mean_of(r.precision[area]); });
  };
  const auto recall = [&](std::size_t area) {
    return mean_over_classes(results, area, [&](const ClassResult& r) { return mean_of(r.recall[area]); });
  };
  const auto precision_at = [&](std::size_t threshold) {
    return mean_over_classes(results, kAll, [&](const ClassResult& r) { return r.precision[kAll][threshold]; });
  };
  const auto recall_of_best = [&](std::size_t limit) {
    return mean_over_classes(results, kAll, [&](const ClassResult& r) { return mean_of(r.by_limit[limit]); });
  };
  metrics.map_50_95 = precision(kAll);
  metrics.map_50 = precision_at(0);
  metrics.map_75 = precision_at(5);
  metrics.map_small = precision(kSmall);
  metrics.map_medium = precision(kMedium);
  metrics.map_large = precision(kLarge);
  metrics.ar_1 = recall_of_best(0);
  metrics.ar_10 = recall_of_best(1);
  metrics.ar_100 = recall_of_best(2);
  metrics.ar_small = recall(kSmall);
  metrics.ar_medium = recall(kMedium);
  metrics.ar_large = recall(kLarge);
}

ClassAp class_ap(const CocoCategory& category, const ClassResult& result) {
  ClassAp row{category.id, category.name, -1, -1, result.counted[kAll]};
  if (row.instances == 0) return row;
  row.ap_50_95 = mean_of(result.precision[kAll]);
  row.ap_50 = result.precision[kAll][0];
  return row;
}

}  // namespace

CocoMetrics evaluate_coco(const CocoDataset& ground_truth, const std::vector<Detection>& detections, int threads) {
  return measure_matched(ground_truth, match_classes(ground_truth, detections, threads), detections.size(), threads);
}

CocoMetrics measure_matched(const CocoDataset& ground_truth, const std::vector<ClassOutcomes>& classes, std::size_t detections,
                            int threads) {
  std::vector<ClassResult> results(classes.size());
  for_each_index(classes.size(), threads, [&](std::size_t k) { results[k] = measure_class(classes[k]); });
  CocoMetrics metrics;
  summarize_means(results, metrics);
  for (std::size_t k = 0; k < results.size(); ++k) metrics.per_class.push_back(class_ap(ground_truth.categories[k], results[k]));
  metrics.num_images = static_cast<std::int64_t>(ground_truth.images.size());
  metrics.num_detections = static_cast<std::int64_t>(detections);
  return metrics;
}

double mean_recall(const std::vector<ClassOutcomes>& classes, std::size_t threshold) {
  std::vector<ClassResult> results;
  for (const auto& each : classes) results.push_back(measure_class(each));
  return mean_over_classes(results, kAll, [&](const ClassResult& r) { return r.recall[kAll][threshold]; });
}

CocoNumbers numbers_of(const CocoMetrics& m) {
  return {m.map_50_95, m.map_50, m.map_75, m.map_small, m.map_medium, m.map_large,
          m.ar_1,      m.ar_10,  m.ar_100, m.ar_small,  m.ar_medium,  m.ar_large};
}

std::vector<Detection> select_detections(const std::vector<Detection>& detections, const CocoDataset& selection) {
  std::unordered_set<std::int64_t> images;
  for (const auto& image : selection.images) images.insert(image.id);
  std::vector<Detection> selected;
  std::copy_if(detections.begin(), detections.end(), std::back_inserter(selected),
               [&](const Detection& d) { return images.contains(d.image_id); });
  return selected;
}

}  // namespace nibble

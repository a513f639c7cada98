// SPDX-License-Identifier: Apache-2.0
// Precision and recall from weighted counts. For each class and area range most detections are false alarms at every IoU threshold: their
// weights are summed once for a resample, and each threshold only visits the few detections that are something else there.
#include "eval/bootstrap.h"

#include <algorithm>

#include "eval/class_outcomes.h"

namespace nibble {
namespace {

using namespace coco;

constexpr std::size_t kRecallPoints = 101;
constexpr std::size_t kAll = 0, kSmall = 1, kMedium = 2, kLarge = 3;

// ---- what does not depend on the weights

/// A detection that is no false alarm at one threshold.
struct Event {
  std::uint32_t alarms_before;  ///< how many of AreaEvents::alarms rank before it
  std::uint32_t image;
  bool is_find;
  bool is_alarm;      ///< it stands among AreaEvents::alarms
  std::uint8_t rank;  ///< among the image's detections of the class, below 100
};
struct AreaEvents {
  std::vector<std::uint32_t> truths;  ///< image of each ground truth that counts
  std::vector<std::uint32_t> alarms;  ///< image of each detection that is a false alarm at some threshold, best first
  std::array<std::vector<Event>, kThresholds> by_threshold;  ///< best first
};
using ClassEvents = std::array<AreaEvents, kAreas>;

constexpr std::uint64_t kThresholdBits = bit_of(0, kThresholds) - 1;

AreaEvents events_of(const ClassOutcomes& input, std::size_t area) {
  AreaEvents events;
  events.truths = input.truths[area];
  if (events.truths.empty()) return events;
  std::size_t needed = 0;
  for (const auto& outcome : input.outcomes) {
    const auto ignored = (outcome.ignored >> (area * kThresholds)) & kThresholdBits;
    const auto found = (outcome.found >> (area * kThresholds)) & kThresholdBits & ~ignored;
    const bool is_alarm = (found | ignored) != kThresholdBits;
    const auto before = static_cast<std::uint32_t>(events.alarms.size());
    for (std::size_t t = 0; t < kThresholds; ++t) {
      const bool is_find = (found >> t) & 1;
      if (!is_find && !(is_alarm && ((ignored >> t) & 1))) continue;
      events.by_threshold[t].push_back({before, outcome.image, is_find, is_alarm, static_cast<std::uint8_t>(outcome.rank)});
      if (is_find) needed = before;
    }
    if (is_alarm) events.alarms.push_back(outcome.image);
  }
  events.alarms.resize(needed);  // those behind the last find change nothing
  for (auto& list : events.by_threshold) std::erase_if(list, [&](const Event& event) { return event.alarms_before > needed; });
  return events;
}

std::vector<ClassEvents> events_of(const std::vector<ClassOutcomes>& classes, int threads) {
  std::vector<ClassEvents> events(classes.size());
  for_each_index(classes.size(), threads, [&](std::size_t k) {
    for (std::size_t a = 0; a < kAreas; ++a) events[k][a] = events_of(classes[k], a);
  });
  return events;
}

// ---- one resample

/// Finds of one image at one place of the ranking.
struct Find {
  std::int64_t finds;   ///< up to and with these
  std::int64_t alarms;  ///< that rank before
};
struct Scratch {
  std::vector<std::int64_t> alarms;  ///< [i]: the sum of the weights of the first i alarms
  std::vector<Find> finds;
  std::vector<double> precision;
};

/// As mean_precision of coco_map.cc: of finds with equally many alarms before them the last has the best precision and the largest recall.
double mean_precision(Scratch& scratch, double counted) {
  constexpr double kEpsilon = 2.220446049250313e-16;  // numpy.spacing(1)
  const auto& finds = scratch.finds;
  auto& precision = scratch.precision;
  precision.resize(finds.size());
  for (std::size_t k = finds.size(); k-- > 0;) {
    const auto found = static_cast<double>(finds[k].finds);
    precision[k] = found / (static_cast<double>(finds[k].alarms) + found + kEpsilon);
    if (k + 1 < finds.size()) precision[k] = std::max(precision[k], precision[k + 1]);
  }
  double sum = 0;
  std::size_t k = 0;
  for (std::size_t r = 0; r < kRecallPoints; ++r) {
    const double recall = r + 1 < kRecallPoints ? static_cast<double>(r) * 0.01 : 1.0;
    while (k < finds.size() && static_cast<double>(finds[k].finds) / counted < recall) ++k;
    if (k == finds.size()) break;
    sum += precision[k];
  }
  return sum / kRecallPoints;
}

struct AreaSums {
  bool is_defined = false;
  double precision = 0, precision_50 = 0, precision_75 = 0;  ///< mean over thresholds; at 0.50; at 0.75
  double recall = 0, recall_1 = 0, recall_10 = 0;            ///< at 100, 1 and 10 detections, mean over thresholds
  double recall_50 = 0, recall_75 = 0;                       ///< at 100 detections
};

AreaSums measure(const AreaEvents& events, const Weights& weights, Scratch& scratch) {
  AreaSums sums;
  std::int64_t truths = 0;
  for (const auto image : events.truths) truths += weights[image];
  if (truths == 0) return sums;
  sums.is_defined = true;
  const auto counted = static_cast<double>(truths);
  scratch.alarms.resize(events.alarms.size() + 1);
  std::int64_t total = 0;
  for (std::size_t i = 0; i < events.alarms.size(); ++i) {
    scratch.alarms[i] = total;
    total += weights[events.alarms[i]];
  }
  scratch.alarms.back() = total;
  for (std::size_t t = 0; t < kThresholds; ++t) {
    scratch.finds.clear();
    std::int64_t no_alarms = 0, finds = 0, finds_1 = 0, finds_10 = 0;
    for (const auto& event : events.by_threshold[t]) {
      const std::int64_t weight = weights[event.image];
      if (weight == 0) continue;
      if (event.is_find) {
        finds += weight;
        if (event.rank < 1) finds_1 += weight;
        if (event.rank < 10) finds_10 += weight;
        scratch.finds.push_back({finds, scratch.alarms[event.alarms_before] - no_alarms});
      }
      if (event.is_alarm) no_alarms += weight;
    }
    const double precision = mean_precision(scratch, counted);
    sums.precision += precision / kThresholds;
    if (t == 0) sums.precision_50 = precision;
    if (t == 5) sums.precision_75 = precision;
    sums.recall += static_cast<double>(finds) / counted / kThresholds;
    if (t == 0) sums.recall_50 = static_cast<double>(finds) / counted;
    if (t == 5) sums.recall_75 = static_cast<double>(finds) / counted;
    sums.recall_1 += static_cast<double>(finds_1) / counted / kThresholds;
    sums.recall_10 += static_cast<double>(finds_10) / counted / kThresholds;
  }
  return sums;
}

/// The twelve of COCO, then recall at 0.50 and at 0.75.
std::vector<double> numbers_of(const std::vector<ClassEvents>& classes, const Weights& weights, Scratch& scratch) {
  std::array<AreaSums, kAreas> sums;
  std::array<double, kAreas> defined{};
  for (const auto& events : classes)
    for (std::size_t a = 0; a < kAreas; ++a) {
      const auto one = measure(events[a], weights, scratch);
      if (!one.is_defined) continue;
      defined[a] += 1;
      for (const auto field : {&AreaSums::precision, &AreaSums::precision_50, &AreaSums::precision_75, &AreaSums::recall,
                               &AreaSums::recall_1, &AreaSums::recall_10, &AreaSums::recall_50, &AreaSums::recall_75})
        sums[a].*field += one.*field;
    }
  const auto mean = [&](std::size_t area, double AreaSums::*field) { return defined[area] > 0 ? sums[area].*field / defined[area] : -1; };
  return {mean(kAll, &AreaSums::precision),   mean(kAll, &AreaSums::precision_50), mean(kAll, &AreaSums::precision_75),
          mean(kSmall, &AreaSums::precision), mean(kMedium, &AreaSums::precision), mean(kLarge, &AreaSums::precision),
          mean(kAll, &AreaSums::recall_1),    mean(kAll, &AreaSums::recall_10),    mean(kAll, &AreaSums::recall),
          mean(kSmall, &AreaSums::recall),    mean(kMedium, &AreaSums::recall),    mean(kLarge, &AreaSums::recall),
          mean(kAll, &AreaSums::recall_50),   mean(kAll, &AreaSums::recall_75)};
}

}  // namespace

Samples resample_matched(const std::vector<ClassOutcomes>& classes, std::size_t images, const Resampling& resampling) {
  if (images < 2 || resampling.resamples < 1) return {};
  const auto events = events_of(classes, resampling.threads);
  return draw_samples(images, resampling, [&](const Weights& weights) {
    thread_local Scratch scratch;
    return numbers_of(events, weights, scratch);
  });
}

ResampledMetrics resampled_of_matched(const CocoDataset& ground_truth, const std::vector<ClassOutcomes>& classes, std::size_t detections,
                                      const Resampling& resampling) {
  return with_intervals(measure_matched(ground_truth, classes, detections, resampling.threads),
                        resample_matched(classes, ground_truth.images.size(), resampling));
}

ResampledMetrics evaluate_resampled(const CocoDataset& ground_truth, const std::vector<Detection>& detections,
                                    const Resampling& resampling) {
  return resampled_of_matched(ground_truth, match_classes(ground_truth, detections, resampling.threads), detections.size(), resampling);
}

CocoNumbers weighted_numbers(const CocoDataset& ground_truth, const std::vector<Detection>& detections, const Weights& weights) {
  Scratch scratch;
  const auto found = numbers_of(events_of(match_classes(ground_truth, detections, 1), 1), weights, scratch);
  CocoNumbers numbers{};
  std::copy_n(found.begin(), numbers.size(), numbers.begin());
  return numbers;
}

}  // namespace nibble

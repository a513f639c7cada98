// SPDX-License-Identifier: Apache-2.0
// The numbers of any task by name, and from those of resamples their intervals and changes (nibble/intervals.h).
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "base/json.h"
#include "nibble/evaluate.h"
#include "nibble/intervals.h"

namespace nibble {

struct NamedNumber {
  const char* name;  ///< as in metrics.json
  double value;      ///< 0..1; -1: undefined
};
/// The first one is what the metrics are judged by.
using NamedNumbers = std::vector<NamedNumber>;
NamedNumbers named_numbers(const CocoMetrics& metrics);
NamedNumbers named_numbers(const KeypointMetrics& metrics);
NamedNumbers named_numbers(const OrientedMetrics& metrics);
NamedNumbers named_numbers(const ClassificationMetrics& metrics);

/// One list for each resample: the named numbers in their order, and perhaps more behind them.
using Samples = std::vector<std::vector<double>>;
/// Metrics with the numbers of each resample; there are none with fewer than 2 images.
template <class Metrics>
struct Resampled {
  Metrics metrics;
  Samples samples;
};

struct Resampling {
  std::int64_t resamples = kDefaultResamples;  ///< 0: none
  std::uint64_t seed = 0;
  int threads = 0;  ///< 0: all cores; the numbers do not depend on it
};

/// How often each image counts in a resample.
using Weights = std::vector<std::uint32_t>;
/// `images` draws with replacement, as `seed` and `resample` say.
Weights draw_weights(std::size_t images, std::uint64_t seed, std::int64_t resample);
/// `numbers_of` for the weights of each resample; it is called from several threads. None for fewer than 2 images.
Samples draw_samples(std::size_t images, const Resampling& resampling,
                     const std::function<std::vector<double>(const Weights& weights)>& numbers_of);

MetricIntervals intervals_of(const NamedNumbers& numbers, const Samples& samples);
/// Both are of the same images, resamples and seed, so that their samples are pairs.
MetricChanges changes_of(const NamedNumbers& numbers, const Samples& samples, const NamedNumbers& baseline,
                         const Samples& baseline_samples);

template <class Metrics>
Resampled<Metrics> with_intervals(Metrics metrics, Samples samples) {
  metrics.intervals = intervals_of(named_numbers(metrics), samples);
  return {std::move(metrics), std::move(samples)};
}
/// Fills in metrics.changes of `score`.
template <class Metrics>
void measure_changes(Resampled<Metrics>& score, const Resampled<Metrics>& baseline) {
  score.metrics.changes = changes_of(named_numbers(score.metrics), score.samples, named_numbers(baseline.metrics), baseline.samples);
}

/// As an object of metrics.json holds them; undefined values (-1) are null. Where they are known, `<name>_interval` [low, high], and
/// against a baseline `<name>_change`, `<name>_change_interval`, `<name>_ratio` and `<name>_ratio_interval`; for the first number `change`,
/// `change_interval`, `ratio` and `ratio_interval`.
Json numbers_json(const NamedNumbers& numbers, const MetricIntervals& intervals, const MetricChanges& changes);
/// With per_class, num_images and num_detections as far as there are such.
Json to_json(const CocoMetrics& metrics);
Json to_json(const KeypointMetrics& metrics);
Json to_json(const OrientedMetrics& metrics);
Json to_json(const ClassificationMetrics& metrics);
/// Their `per_class`.
Json to_json(const std::vector<ClassAp>& per_class);

}  // namespace nibble

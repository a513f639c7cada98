// SPDX-License-Identifier: Apache-2.0
#include "eval/intervals.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/progress.h"
#include "data/keyed_random.h"
#include "eval/class_outcomes.h"
#include "eval/coco_map.h"

namespace nibble {
namespace {

constexpr double kLevel = 0.95;
/// An interval needs so large a share of the resamples to have a number.
constexpr double kLeastDefined = 0.5;
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

/// Percentile `share` (0..1) of sorted values, interpolated.
double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// The standard normal distribution and its inverse, to the last digits that matter here.
double normal_share(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }
double normal_quantile(double share) {
  double low = -10, high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (normal_share(middle) < share ? low : high) = middle;
  }
  return low;
}

/// How far the resamples lie off the value they are of, in standard deviations: z0 of nibble/intervals.h.
double bias_of(const std::vector<double>& values, double value) {
  double below = 0;
  for (const double v : values) below += v < value ? 1 : v == value ? 0.5 : 0;
  const auto count = static_cast<double>(values.size());
  return normal_quantile(std::clamp(below / count, 0.5 / count, 1 - 0.5 / count));
}

/// Of `value`, from what `value_of` gives for each resample; one that is not finite stands for none.
template <class ValueOf>
std::optional<Interval> interval_of(double value, std::size_t resamples, ValueOf value_of) {
  std::vector<double> values;
  for (std::size_t i = 0; i < resamples; ++i)
    if (const double v = value_of(i); std::isfinite(v)) values.push_back(v);
  if (values.size() < 2 || static_cast<double>(values.size()) < kLeastDefined * static_cast<double>(resamples)) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double reach = normal_quantile((1 + kLevel) / 2), bias = bias_of(values, value);
  return Interval{percentile(values, normal_share(2 * bias - reach)), percentile(values, normal_share(2 * bias + reach))};
}

Json interval_json(const Interval& interval) { return {interval.low, interval.high}; }

void append_change(Json& json, const std::string& prefix, const MetricChange& change) {
  json[prefix + "change"] = change.difference;
  if (change.interval) json[prefix + "change_interval"] = interval_json(*change.interval);
  if (change.ratio) json[prefix + "ratio"] = *change.ratio;
  if (change.ratio_interval) json[prefix + "ratio_interval"] = interval_json(*change.ratio_interval);
}

Json number_or_null(double value) { return value < 0 ? Json(nullptr) : Json(value); }

template <class Metrics>
Json json_of(const Metrics& metrics) {
  return numbers_json(named_numbers(metrics), metrics.intervals, metrics.changes);
}

/// Behind the numbers.
template <class Metrics>
Json with_counts(Json json, const Metrics& metrics) {
  json["num_images"] = metrics.num_images;
  json["num_detections"] = metrics.num_detections;
  return json;
}

}  // namespace

NamedNumbers named_numbers(const CocoMetrics& metrics) {
  NamedNumbers named;
  const auto numbers = numbers_of(metrics);
  for (std::size_t i = 0; i < kCocoNumbers; ++i) named.push_back({kCocoNumberNames[i], numbers[i]});
  return named;
}

NamedNumbers named_numbers(const KeypointMetrics& m) {
  return {{"AP_50_95", m.ap_50_95}, {"AP_50", m.ap_50}, {"AP_75", m.ap_75}, {"AP_medium", m.ap_medium}, {"AP_large", m.ap_large},
          {"AR_50_95", m.ar_50_95}, {"AR_50", m.ar_50}, {"AR_75", m.ar_75}, {"AR_medium", m.ar_medium}, {"AR_large", m.ar_large}};
}

NamedNumbers named_numbers(const OrientedMetrics& m) { return {{"mAP_50_95", m.map_50_95}, {"mAP_50", m.map_50}, {"mAP_75", m.map_75}}; }

NamedNumbers named_numbers(const ClassificationMetrics& m) { return {{"top_1", m.top_1}, {"top_5", m.top_5}}; }

Weights draw_weights(std::size_t images, std::uint64_t seed, std::int64_t resample) {
  Weights weights(images);
  KeyedRandom random({seed, static_cast<std::uint64_t>(resample), images});
  for (std::size_t i = 0; i < images; ++i) ++weights[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(images)))];
  return weights;
}

Samples draw_samples(std::size_t images, const Resampling& resampling,
                     const std::function<std::vector<double>(const Weights& weights)>& numbers_of) {
  if (images < 2 || resampling.resamples < 1) return {};
  Samples samples(static_cast<std::size_t>(resampling.resamples));
  coco::for_each_index(samples.size(), resampling.threads, [&](std::size_t i) {
    throw_if_interrupted();
    samples[i] = numbers_of(draw_weights(images, resampling.seed, static_cast<std::int64_t>(i)));
  });
  return samples;
}

MetricIntervals intervals_of(const NamedNumbers& numbers, const Samples& samples) {
  MetricIntervals intervals;
  for (std::size_t n = 0; n < numbers.size(); ++n) {
    if (numbers[n].value < 0) continue;
    const auto interval =
        interval_of(numbers[n].value, samples.size(), [&](std::size_t i) { return samples[i][n] < 0 ? kNothing : samples[i][n]; });
    if (interval) intervals[numbers[n].name] = *interval;
  }
  return intervals;
}

MetricChanges changes_of(const NamedNumbers& numbers, const Samples& a, const NamedNumbers& baseline, const Samples& b) {
  MetricChanges changes;
  const auto pairs = std::min(a.size(), b.size());
  for (std::size_t n = 0; n < numbers.size(); ++n) {
    const double ours = numbers[n].value, theirs = baseline[n].value;
    if (ours < 0 || theirs < 0) continue;
    MetricChange change{.difference = ours - theirs};
    const auto is_defined = [&](std::size_t i) { return a[i][n] >= 0 && b[i][n] >= 0; };
    change.interval = interval_of(change.difference, pairs, [&](std::size_t i) { return is_defined(i) ? a[i][n] - b[i][n] : kNothing; });
    if (theirs > 0) {
      change.ratio = ours / theirs;
      change.ratio_interval =
          interval_of(*change.ratio, pairs, [&](std::size_t i) { return is_defined(i) && b[i][n] > 0 ? a[i][n] / b[i][n] : kNothing; });
    }
    changes[numbers[n].name] = change;
  }
  return changes;
}

Json numbers_json(const NamedNumbers& numbers, const MetricIntervals& intervals, const MetricChanges& changes) {
  Json json;
  for (const auto& [name, value] : numbers) json[name] = number_or_null(value);
  for (const auto& [name, interval] : intervals) json[name + "_interval"] = interval_json(interval);
  for (const auto& [name, change] : changes) append_change(json, name == numbers.front().name ? "" : name + "_", change);
  return json;
}

Json to_json(const std::vector<ClassAp>& per_class) {
  Json json = Json::array();
  for (const auto& row : per_class)
    json.push_back({{"category_id", row.category_id},
                    {"name", row.name},
                    {"AP_50_95", number_or_null(row.ap_50_95)},
                    {"AP_50", number_or_null(row.ap_50)},
                    {"instances", row.instances}});
  return json;
}

Json to_json(const CocoMetrics& metrics) {
  Json json = json_of(metrics);
  json["per_class"] = to_json(metrics.per_class);
  return with_counts(std::move(json), metrics);
}

Json to_json(const KeypointMetrics& metrics) { return with_counts(json_of(metrics), metrics); }

Json to_json(const OrientedMetrics& metrics) {
  Json json = json_of(metrics);
  json["per_class"] = to_json(metrics.per_class);
  return with_counts(std::move(json), metrics);
}

Json to_json(const ClassificationMetrics& metrics) {
  Json json = json_of(metrics);
  Json per_class = Json::array();
  for (const auto& row : metrics.per_class)
    per_class.push_back({{"label", row.label}, {"name", row.name}, {"top_1", row.top_1}, {"top_5", row.top_5}, {"images", row.images}});
  json["per_class"] = per_class;
  json["num_images"] = metrics.num_images;
  return json;
}

}  // namespace nibble

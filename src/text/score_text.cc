// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "text/result_text.h"

namespace nibble {
namespace {

/// The numbers of one kind with what is known of their evidence.
struct NumberTable {
  std::vector<std::pair<const char*, double>> rows;
  const MetricIntervals& intervals;
  const MetricChanges& changes;
};

std::string interval_text(const NumberTable& table, const std::string& name) {
  const auto found = table.intervals.find(name);
  return found == table.intervals.end() ? "" : fmt::format("  [{:.4f}, {:.4f}]", found->second.low, found->second.high);
}

std::string change_text(const NumberTable& table, const std::string& name) {
  const auto found = table.changes.find(name);
  if (found == table.changes.end()) return "";
  const auto& interval = found->second.interval;
  return fmt::format("  {:+.4f}", found->second.difference) +
         (interval ? fmt::format(" [{:+.4f}, {:+.4f}]", interval->low, interval->high) : "");
}

std::string table_text(const NumberTable& table) {
  std::string text;
  for (const auto& [name, value] : table.rows)
    text += value < 0 ? fmt::format("{:<12} undefined (no such objects)\n", name)
                      : fmt::format("{:<12} {:.4f}{}{}\n", name, value, interval_text(table, name), change_text(table, name));
  if (!table.intervals.empty())
    text += table.changes.empty() ? "in brackets: 95 % intervals, from resampled images\n"
                                  : "in brackets: 95 % intervals, from resampled images; with a sign: the change against the baseline\n";
  return text;
}

std::string count_lines(std::int64_t images, std::int64_t detections) {
  return fmt::format("{:<12} {}\n{:<12} {}\n", "images", images, "detections", detections);
}

std::string left_out_line(std::size_t count) {
  return count == 0 ? "" : fmt::format("{:<12} {} as bad data (warnings name them)\n", "left out", count);
}

/// Numbers besides those of boxes, with a heading each; then those of boxes, except where there are only others.
template <class Result>
std::string numbers_text(const Result& result) {
  if (result.oriented) return text_of(*result.oriented);
  return (result.keypoints ? text_of(*result.keypoints) + "boxes\n" : "") +
         (result.masks ? "masks\n" + text_of(*result.masks) + "boxes\n" : "") + text_of(result.metrics);
}

}  // namespace

std::string text_of(const CocoMetrics& m) {
  return table_text(NumberTable{{{"mAP_50_95", m.map_50_95},
                                 {"mAP_50", m.map_50},
                                 {"mAP_75", m.map_75},
                                 {"mAP_small", m.map_small},
                                 {"mAP_medium", m.map_medium},
                                 {"mAP_large", m.map_large},
                                 {"AR_1", m.ar_1},
                                 {"AR_10", m.ar_10},
                                 {"AR_100", m.ar_100},
                                 {"AR_small", m.ar_small},
                                 {"AR_medium", m.ar_medium},
                                 {"AR_large", m.ar_large}},
                                m.intervals,
                                m.changes}) +
         count_lines(m.num_images, m.num_detections);
}

std::string text_of(const ScoreResult& result) {
  std::string text = numbers_text(result) + fmt::format("{:<12} read as {}: {}\n", "category ids", result.category_ids, result.why);
  for (const auto& note : result.notes) text += note + "\n";
  return text + left_out_line(result.bad_data.size());
}

std::string text_of(const KeypointMetrics& m) {
  return "keypoints (object keypoint similarity)\n" + table_text(NumberTable{{{"AP_50_95", m.ap_50_95},
                                                                              {"AP_50", m.ap_50},
                                                                              {"AP_75", m.ap_75},
                                                                              {"AP_medium", m.ap_medium},
                                                                              {"AP_large", m.ap_large},
                                                                              {"AR_50_95", m.ar_50_95},
                                                                              {"AR_50", m.ar_50},
                                                                              {"AR_75", m.ar_75},
                                                                              {"AR_medium", m.ar_medium},
                                                                              {"AR_large", m.ar_large}},
                                                                             m.intervals,
                                                                             m.changes});
}

std::string text_of(const OrientedMetrics& m) {
  return "oriented boxes (probabilistic IoU)\n" +
         table_text(NumberTable{{{"mAP_50_95", m.map_50_95}, {"mAP_50", m.map_50}, {"mAP_75", m.map_75}}, m.intervals, m.changes}) +
         count_lines(m.num_images, m.num_detections);
}

std::string text_of(const ClassificationMetrics& m) {
  return table_text(NumberTable{{{"top_1", m.top_1}, {"top_5", m.top_5}}, m.intervals, m.changes}) +
         fmt::format("{:<12} {}\n", "images", m.num_images);
}

std::string text_of(const EvalResult& result) {
  const auto& latency = result.latency;
  return (result.classification ? text_of(*result.classification) : numbers_text(result)) +
         (latency ? fmt::format("{:<12} mean {:.1f} ms, median {:.1f} ms, p90 {:.1f} ms\n", "latency", latency->mean_ms, latency->median_ms,
                                latency->p90_ms)
                  : "") +
         left_out_line(result.bad_data.size());
}

}  // namespace nibble

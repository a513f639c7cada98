// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "text/result_text.h"

namespace nibble {

namespace {

std::string interval_text(const CocoMetrics& metrics, const std::string& name) {
  const auto found = metrics.intervals.find(name);
  return found == metrics.intervals.end() ? "" : fmt::format("  [{:.4f}, {:.4f}]", found->second.low, found->second.high);
}

std::string change_text(const CocoMetrics& metrics, const std::string& name) {
  const auto found = metrics.changes.find(name);
  if (found == metrics.changes.end()) return "";
  const auto& interval = found->second.interval;
  return fmt::format("  {:+.4f}", found->second.difference) +
         (interval ? fmt::format(" [{:+.4f}, {:+.4f}]", interval->low, interval->high) : "");
}

}  // namespace

std::string text_of(const CocoMetrics& metrics) {
  const std::pair<const char*, double> rows[] = {
      {"mAP_50_95", metrics.map_50_95}, {"mAP_50", metrics.map_50},         {"mAP_75", metrics.map_75},
      {"mAP_small", metrics.map_small}, {"mAP_medium", metrics.map_medium}, {"mAP_large", metrics.map_large},
      {"AR_1", metrics.ar_1},           {"AR_10", metrics.ar_10},           {"AR_100", metrics.ar_100},
      {"AR_small", metrics.ar_small},   {"AR_medium", metrics.ar_medium},   {"AR_large", metrics.ar_large}};
  std::string text;
  for (const auto& [name, value] : rows)
    text += value < 0 ? fmt::format("{:<12} undefined (no such objects)\n", name)
                      : fmt::format("{:<12} {:.4f}{}{}\n", name, value, interval_text(metrics, name), change_text(metrics, name));
  if (!metrics.intervals.empty())
    text += metrics.changes.empty() ? "in brackets: 95 % intervals, from resampled images\n"
                                    : "in brackets: 95 % intervals, from resampled images; with a sign: the change against the baseline\n";
  return text + fmt::format("{:<12} {}\n{:<12} {}\n", "images", metrics.num_images, "detections", metrics.num_detections);
}

namespace {

std::string number_line(const char* name, double value) {
  return value < 0 ? fmt::format("{:<12} undefined (no such objects)\n", name) : fmt::format("{:<12} {:.4f}\n", name, value);
}

std::string left_out_line(std::size_t count) {
  return count == 0 ? "" : fmt::format("{:<12} {} as bad data (warnings name them)\n", "left out", count);
}

}  // namespace

std::string text_of(const ScoreResult& result) {
  std::string text = text_of(result.metrics) + fmt::format("{:<12} read as {}: {}\n", "category ids", result.category_ids, result.why);
  for (const auto& note : result.notes) text += note + "\n";
  return text + left_out_line(result.bad_data.size());
}

std::string text_of(const KeypointMetrics& m) {
  std::string text = "keypoints (object keypoint similarity)\n";
  for (const auto& [name, value] :
       {std::pair{"AP_50_95", m.ap_50_95}, std::pair{"AP_50", m.ap_50}, std::pair{"AP_75", m.ap_75}, std::pair{"AP_medium", m.ap_medium},
        std::pair{"AP_large", m.ap_large}, std::pair{"AR_50_95", m.ar_50_95}, std::pair{"AR_50", m.ar_50}, std::pair{"AR_75", m.ar_75},
        std::pair{"AR_medium", m.ar_medium}, std::pair{"AR_large", m.ar_large}})
    text += number_line(name, value);
  return text + "boxes\n";
}

std::string text_of(const OrientedMetrics& m) {
  std::string text = "oriented boxes (probabilistic IoU)\n";
  for (const auto& [name, value] : {std::pair{"mAP_50_95", m.map_50_95}, std::pair{"mAP_50", m.map_50}, std::pair{"mAP_75", m.map_75}})
    text += number_line(name, value);
  return text + fmt::format("{:<12} {}\n{:<12} {}\n", "images", m.num_images, "detections", m.num_detections);
}

std::string text_of(const ClassificationMetrics& metrics) {
  return fmt::format("{:<12} {:.4f}\n{:<12} {:.4f}\n{:<12} {}\n", "top_1", metrics.top_1, "top_5", metrics.top_5, "images",
                     metrics.num_images);
}

std::string text_of(const EvalResult& result) {
  const auto& latency = result.latency;
  return (result.keypoints ? text_of(*result.keypoints) : "") + (result.masks ? "masks\n" + text_of(*result.masks) + "boxes\n" : "") +
         (result.classification ? text_of(*result.classification)
          : result.oriented     ? text_of(*result.oriented)
                                : text_of(result.metrics)) +
         (latency ? fmt::format("{:<12} mean {:.1f} ms, median {:.1f} ms, p90 {:.1f} ms\n", "latency", latency->mean_ms, latency->median_ms,
                                latency->p90_ms)
                  : "") +
         left_out_line(result.bad_data.size());
}

}  // namespace nibble

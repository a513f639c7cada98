// SPDX-License-Identifier: Apache-2.0
#include "report/metrics_json.h"

#include <fmt/format.h>

#include "base/image_size_text.h"
#include "nibble/error.h"

namespace nibble {
namespace {

Json latency_to_json(const std::optional<Latency>& latency) {
  if (!latency) return nullptr;
  return {{"mean_ms", latency->mean_ms}, {"median_ms", latency->median_ms},
          {"p90_ms", latency->p90_ms},   {"throughput_fps", latency->throughput_fps},
          {"runs", latency->runs},       {"run_ms", latency->run_ms}};
}

/// An undefined number is null in the file and -1 here.
double number_of(const Json& metrics, const char* key) {
  const auto& value = metrics.at(key);
  return value.is_null() ? -1.0 : value.get<double>();
}

Interval interval_from_json(const Json& json) { return {json.at(0).get<double>(), json.at(1).get<double>()}; }

/// The keys of to_json(CocoMetrics); mAP_50_95's changes have no prefix.
void read_intervals(const Json& metrics, Score& score) {
  for (const auto* name : {"mAP_50_95", "mAP_50", "mAP_75", "mAP_small", "mAP_medium", "mAP_large", "AR_1", "AR_10", "AR_100", "AR_small",
                           "AR_medium", "AR_large"}) {
    if (!metrics.contains(name) || metrics.at(name).is_null()) continue;
    const std::string key = name, prefix = key == "mAP_50_95" ? "" : key + "_";
    score.numbers[key] = metrics.at(key);
    if (const auto found = metrics.find(key + "_interval"); found != metrics.end()) score.intervals[key] = interval_from_json(*found);
    if (!metrics.contains(prefix + "change")) continue;
    MetricChange change{.difference = metrics.at(prefix + "change")};
    if (const auto found = metrics.find(prefix + "change_interval"); found != metrics.end()) change.interval = interval_from_json(*found);
    if (const auto found = metrics.find(prefix + "ratio"); found != metrics.end()) change.ratio = found->get<double>();
    if (const auto found = metrics.find(prefix + "ratio_interval"); found != metrics.end())
      change.ratio_interval = interval_from_json(*found);
    score.changes[key] = change;
  }
}

std::optional<Latency> latency_from_json(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return Latency{json.at("mean_ms"),        json.at("median_ms"), json.at("p90_ms"),
                 json.at("throughput_fps"), json.at("runs"),      json.value("run_ms", std::vector<double>{})};
}

}  // namespace

Json metrics_document(const MetricsSettings& settings, const Json& metrics, const std::optional<Latency>& latency) {
  Json document = {{"onnx_path", settings.onnx_path},
                   {"instances", settings.instances},
                   {"images_dir", settings.images_dir},
                   {"providers", settings.providers},
                   {"imgsz", to_json(settings.image_size)},
                   {"max_images", settings.max_images},
                   {"warmup_runs", settings.warmup_runs},
                   {"skip_latency", !latency.has_value()},
                   {"conf", settings.confidence},
                   {"iou", settings.iou},
                   {"max_det", settings.max_detections},
                   {"pre_nms_topk", settings.pre_nms_top_k},
                   {"head", settings.head},
                   {"graph_optimizations", settings.optimized},
                   {"threads", settings.threads},
                   {"resamples", settings.resamples},
                   {"metrics", metrics},
                   {"latency", latency_to_json(latency)}};
  if (!settings.session_options.empty()) document["session_options"] = settings.session_options;
  return document;
}

Score score_from_document(const Json& document, const std::string& metrics_path) {
  try {
    Score score;
    const auto& metrics = document.at("metrics");
    score.map_50_95 = number_of(metrics, "mAP_50_95");
    score.map_50 = number_of(metrics, "mAP_50");
    score.images = metrics.at("num_images");
    read_intervals(metrics, score);
    score.latency = latency_from_json(document.at("latency"));
    score.providers = document.at("providers").get<std::vector<std::string>>();
    score.metrics_path = metrics_path;
    return score;
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::input, fmt::format("metrics file: {}: {}; remove it and score again", metrics_path, error.what()));
  }
}

}  // namespace nibble

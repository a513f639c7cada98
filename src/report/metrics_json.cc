// SPDX-License-Identifier: Apache-2.0
#include "report/metrics_json.h"

#include "base/image_size_text.h"
#include "report/task_words.h"

namespace nibble {
namespace {

Json latency_to_json(const std::optional<Latency>& latency) {
  if (!latency) return nullptr;
  return {{"mean_ms", latency->mean_ms}, {"median_ms", latency->median_ms},
          {"p90_ms", latency->p90_ms},   {"throughput_fps", latency->throughput_fps},
          {"runs", latency->runs},       {"run_ms", latency->run_ms}};
}

Interval interval_from_json(const PlacedJson& json) { return {json.at(0), json.at(1)}; }

/// Keys as numbers_json of eval/intervals.h writes them; the changes of the group's main number have no prefix.
void read_number(const PlacedJson& group, const std::string& name, bool is_main, const std::string& called, Score& score) {
  if (!group.contains(name) || group.at(name).is_null()) return;
  const std::string prefix = is_main ? "" : name + "_";
  score.numbers[called] = group.at(name);
  if (group.contains(name + "_interval")) score.intervals[called] = interval_from_json(group.at(name + "_interval"));
  if (!group.contains(prefix + "change")) return;
  MetricChange change{.difference = group.at(prefix + "change")};
  if (group.contains(prefix + "change_interval")) change.interval = interval_from_json(group.at(prefix + "change_interval"));
  if (group.contains(prefix + "ratio")) change.ratio = group.at(prefix + "ratio").get<double>();
  if (group.contains(prefix + "ratio_interval")) change.ratio_interval = interval_from_json(group.at(prefix + "ratio_interval"));
  score.changes[called] = change;
}

bool is_main_of_group(const std::string& name) { return name == "mAP_50_95" || name == "AP_50_95" || name == "top_1"; }

void read_numbers(const PlacedJson& document, Score& score) {
  for (const auto& group : number_groups())
    if (document.contains(group.name))
      for (const std::string name : group.numbers)
        read_number(document.at(group.name), name, is_main_of_group(name), number_name(group.name, name), score);
}

/// -1: the file says that it is undefined.
double number_of(const Score& score, const std::string& name) {
  const auto found = score.numbers.find(name);
  return found == score.numbers.end() ? -1 : found->second;
}

std::optional<Latency> latency_from_json(const PlacedJson& json) {
  if (json.is_null()) return std::nullopt;
  Latency latency{json.at("mean_ms"), json.at("median_ms"), json.at("p90_ms"), json.at("throughput_fps"), json.at("runs"), {}};
  if (json.contains("run_ms"))
    for (const auto& run : json.at("run_ms").list()) latency.run_ms.push_back(run.get<double>());
  return latency;
}

}  // namespace

Json metrics_document(const MetricsSettings& settings, const Json& metrics, const std::optional<Latency>& latency) {
  Json document = {{"task", name_of(settings.task)},
                   {"onnx_path", settings.onnx_path},
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

Score score_from_document(const PlacedJson& document, const std::string& metrics_path) {
  Score score;
  const auto task = task_called(document.value("task", std::string(name_of(Task::detect))));
  if (!task) document.at("task").refuse("is none of this version's");
  score.task = *task;
  const auto& words = words_of(*task);
  const auto group = document.at(words.group);
  for (const std::string name : {words.main, words.second}) group.at(name.substr(name.find('.') + 1));  // have to be there
  score.images = document.at("metrics").at("num_images");
  read_numbers(document, score);
  score.main = number_of(score, words.main);
  score.second = number_of(score, words.second);
  score.latency = latency_from_json(document.at("latency"));
  score.providers = document.at("providers").texts();
  score.metrics_path = metrics_path;
  return score;
}

}  // namespace nibble

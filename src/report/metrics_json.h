// SPDX-License-Identifier: Apache-2.0
// metrics.json: the COCO numbers of one ONNX file together with everything that decides them.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/placed_json.h"
#include "nibble/report.h"

namespace nibble {

struct MetricsSettings {
  Task task = Task::detect;
  std::string onnx_path;
  std::string instances;
  std::string images_dir;
  std::vector<std::string> providers;
  ImageSize image_size = 640;
  std::int64_t max_images = 0;  ///< how many images were scored
  std::int64_t warmup_runs = 0;
  double confidence = 0;
  double iou = 0;
  std::int64_t max_detections = 0;
  std::int64_t pre_nms_top_k = 0;
  std::string head;
  bool optimized = true;  ///< whether the runtime's graph optimisations were on
  int threads = 0;
  std::int64_t resamples = 0;                          ///< drawn for intervals
  std::map<std::string, std::string> session_options;  ///< of the runtime, where any were given
};

/// `metrics` is the object of to_json(CocoMetrics) or of the task's other numbers. Objects of more numbers are added by the caller. Without
/// latency the key `skip_latency` is true and `latency` null.
Json metrics_document(const MetricsSettings& settings, const Json& metrics, const std::optional<Latency>& latency);

/// What the summary needs, read back from a document. Error(input) naming what is missing or of another type.
Score score_from_document(const PlacedJson& document, const std::string& metrics_path);

}  // namespace nibble

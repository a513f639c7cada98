// SPDX-License-Identifier: Apache-2.0
#include "scoring/score_settings.h"

#include "base/threads.h"
#include "scoring/latency_probe.h"

namespace nibble {

MetricsSettings score_settings(const DetectorFile& file, const RuntimeOptions& runtime, bool optimize, bool skip_latency) {
  MetricsSettings settings;
  settings.providers = file.session.providers();
  settings.image_size = file.image_size;
  settings.warmup_runs = skip_latency ? 0 : kWarmupRuns;
  settings.optimized = optimize;
  settings.session_options = runtime.session_options;
  settings.threads = thread_count(runtime.threads);
  return settings;
}

void take_decoding(MetricsSettings& settings, const DecodeOptions& decode) {
  settings.confidence = decode.confidence;
  settings.iou = decode.iou;
  settings.max_detections = decode.max_detections;
  settings.pre_nms_top_k = decode.pre_nms_top_k;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <optional>
#include <vector>

#include "base/check_options.h"
#include "base/json.h"
#include "base/output_path.h"
#include "base/watched_progress.h"
#include "nibble/evaluate.h"
#include "scoring/score_model.h"
#include "text/result_text.h"

namespace nibble {
EvalResult evaluate(const EvalOptions& options, Progress& listener) {
  check_options(options);
  WatchedProgress progress(listener);
  const auto& data = options.data;
  check_paths(paths_of(options));
  auto set = open_eval_set(data);
  require_readable(set, data.on_bad_data, options.runtime.threads);
  const std::int64_t resamples = options.resamples;
  std::optional<ResampledMetrics> baseline;
  if (!options.baseline_detections.empty())
    baseline = evaluate_resampled(set.dataset, detections_of(set, read_detections(options.baseline_detections)),
                                  {resamples, options.runtime.seed, options.runtime.threads});
  const ScoringOptions scoring{.model = options.model,
                               .model_name = options.model.string(),
                               .title = "evaluate " + options.model.filename().string(),
                               .detect = options.detect,
                               .file = options.file,
                               .optimize = options.optimize,
                               .skip_latency = options.skip_latency,
                               .resamples = resamples,
                               .baseline = baseline ? &*baseline : nullptr,
                               .runtime = options.runtime};
  auto result = score_model(scoring, set, progress);
  result.document["bad_data"] = reasons_of(set.dataset.bad);
  EvalResult found{.metrics = std::move(result.resampled.metrics),
                   .latency = result.latency,
                   .providers = std::move(result.providers),
                   .head = std::move(result.head),
                   .images = set.images_name,
                   .annotations = set.annotations_name,
                   .bad_data = reasons_of(set.dataset.bad)};
  std::vector<std::function<void()>> writers;
  if (!options.json.empty()) writers.emplace_back([&] { write_json(options.json, result.document); });
  if (!options.save_detections.empty()) writers.emplace_back([&] { write_detections(options.save_detections, result.detections); });
  write_or_show(text_of(found), writers);
  return found;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "base/output_path.h"
#include "base/watched_progress.h"
#include "nibble/evaluate.h"
#include "scoring/score_model.h"

namespace nibble {
EvalResult evaluate(const EvalOptions& options, Progress& listener) {
  WatchedProgress progress(listener);
  const auto& data = options.data;
  refuse_same_file(options.json, {options.model, data.annotations, data.image_ids_list, options.save_detections});
  refuse_same_file(options.save_detections, {options.model, data.annotations, data.image_ids_list});
  const auto set = open_eval_set(data);
  require_images(set);
  const ScoringOptions scoring{.model = options.model,
                               .model_name = options.model.string(),
                               .title = "evaluate " + options.model.filename().string(),
                               .detect = options.detect,
                               .optimize = options.optimize,
                               .skip_latency = options.skip_latency,
                               .runtime = options.runtime};
  auto result = score_model(scoring, set, progress);
  if (!options.json.empty()) write_json(options.json, result.document);
  if (!options.save_detections.empty()) write_detections(options.save_detections, result.detections);
  return {.metrics = std::move(result.metrics),
          .latency = result.latency,
          .providers = std::move(result.providers),
          .head = std::move(result.head),
          .images = set.images_name,
          .annotations = set.annotations_name};
}

}  // namespace nibble

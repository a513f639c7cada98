// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/check_options.h"
#include "base/json.h"
#include "base/log.h"
#include "base/output_path.h"
#include "eval/bootstrap.h"
#include "eval/detection.h"
#include "nibble/evaluate.h"
#include "report/metrics_json.h"
#include "scoring/detection_ids.h"
#include "scoring/eval_set.h"
#include "text/result_text.h"

namespace nibble {
ScoreResult score(const ScoreOptions& options) {
  check_options(options);
  check_paths(paths_of(options));
  CocoDataset all;
  const auto set = open_annotations(options.data, &all);
  const auto resolved = resolve_ids(read_detections_file(options.detections), all, options.category_ids);
  const auto detections = detections_of(set, resolved.detections);
  for (const auto& note : resolved.notes) log(LogLevel::info, note);
  if (resolved.read_as != "annotations") log(LogLevel::info, fmt::format("category ids: read as {}: {}", resolved.read_as, resolved.why));
  const Resampling resampling{options.resamples, options.seed, options.threads};
  auto scored = evaluate_resampled(set.dataset, detections, resampling);
  if (!options.baseline_detections.empty()) {
    const auto baseline = resolve_ids(read_detections_file(options.baseline_detections), all, options.category_ids);
    measure_changes(scored, evaluate_resampled(set.dataset, detections_of(set, baseline.detections), resampling));
  }
  ScoreResult result{std::move(scored.metrics), resolved.read_as, resolved.why, resolved.notes, reasons_of(set.dataset.bad)};
  if (options.json.empty()) return result;
  const Json document = {{"detections", options.detections.string()},
                         {"instances", set.annotations_name},
                         {"max_images", set.dataset.images.size()},
                         {"resamples", options.resamples},
                         {"category_ids", {{"read_as", result.category_ids}, {"why", result.why}}},
                         {"notes", result.notes},
                         {"bad_data", result.bad_data},
                         {"metrics", to_json(result.metrics)}};
  write_or_show(text_of(result), {[&] { write_json(options.json, document); }});
  return result;
}

}  // namespace nibble

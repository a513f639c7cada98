// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/check_options.h"
#include "base/json.h"
#include "base/log.h"
#include "base/output_path.h"
#include "eval/findings.h"
#include "eval/task_numbers.h"
#include "nibble/error.h"
#include "nibble/evaluate.h"
#include "scoring/detection_ids.h"
#include "scoring/task_set.h"
#include "text/result_text.h"

namespace nibble {
namespace {

Task task_of(const ScoreOptions& options) {
  const auto task = task_called(options.task);
  if (task && *task != Task::classify) return *task;
  throw Error(ErrorKind::usage, fmt::format("score: --task: '{}' is none of detect, segment, pose, obb", options.task));
}

/// A file of findings with the data set's ids.
struct ResolvedFindings {
  Findings findings;
  ResolvedDetections ids;  ///< how they were found; its detections have moved
};

ResolvedFindings resolve(FindingsFile file, const CocoDataset& dataset, const std::string& reading) {
  ResolvedFindings resolved{std::move(file.findings),
                            resolve_ids({std::move(resolved.findings.boxes), std::move(file.image_names)}, dataset, reading)};
  resolved.findings.boxes = std::move(resolved.ids.detections);
  return resolved;
}

template <class Metrics>
void take(std::optional<Resampled<Metrics>>& from, std::optional<Metrics>& to) {
  if (from) to = std::move(from->metrics);
}

}  // namespace

ScoreResult score(const ScoreOptions& options) {
  check_options(options);
  check_paths(paths_of(options));
  const Task task = task_of(options);
  if (options.data.annotations.empty()) throw Error(ErrorKind::usage, "score: no annotations: give the COCO file with --annotations");
  auto file = read_findings(options.detections, task);
  const auto keypoints = file.findings.keypoints.empty() ? 0 : file.findings.keypoints.front().size();
  CocoDataset all;
  const auto set = open_task_annotations({task, {}, static_cast<std::int64_t>(keypoints)}, options.data, &all);
  const auto resolved = resolve(std::move(file), all, options.category_ids);
  for (const auto& note : resolved.ids.notes) log(LogLevel::info, note);
  if (resolved.ids.read_as != "annotations")
    log(LogLevel::info, fmt::format("category ids: read as {}: {}", resolved.ids.read_as, resolved.ids.why));
  const Resampling resampling{options.resamples, options.seed, options.threads};
  const auto numbers_of = [&](const Findings& findings) {
    return evaluate_task(set.dataset, set.truth, findings_of(set, findings), resampling);
  };
  auto scored = numbers_of(resolved.findings);
  if (!options.baseline_detections.empty())
    measure_changes(scored, numbers_of(resolve(read_findings(options.baseline_detections, task), all, options.category_ids).findings));
  Json document = {{"task", name_of(task)},
                   {"detections", options.detections.string()},
                   {"instances", set.annotations_name},
                   {"max_images", set.dataset.images.size()},
                   {"resamples", options.resamples},
                   {"category_ids", {{"read_as", resolved.ids.read_as}, {"why", resolved.ids.why}}},
                   {"notes", resolved.ids.notes},
                   {"bad_data", reasons_of(set.dataset.bad)}};
  const Json numbers = to_json(scored);
  for (const auto& [name, object] : numbers.items()) document[name] = object;
  ScoreResult result;
  if (scored.boxes) result.metrics = std::move(scored.boxes->metrics);
  take(scored.keypoints, result.keypoints);
  take(scored.masks, result.masks);
  take(scored.oriented, result.oriented);
  result.category_ids = resolved.ids.read_as;
  result.why = resolved.ids.why;
  result.notes = resolved.ids.notes;
  result.bad_data = reasons_of(set.dataset.bad);
  if (!options.json.empty()) write_or_show(text_of(result), {[&] { write_json(options.json, document); }});
  return result;
}

}  // namespace nibble

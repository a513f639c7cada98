// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/check_options.h"
#include "base/json.h"
#include "base/output_path.h"
#include "base/watched_progress.h"
#include "calibration/image_duties.h"
#include "nibble/error.h"
#include "nibble/evaluate.h"
#include "scoring/detection_ids.h"
#include "scoring/score_model.h"
#include "scoring/task_set.h"
#include "text/result_text.h"

namespace nibble {
namespace {

/// Of what write_findings wrote; nothing where no file is named.
std::optional<TaskNumbers> baseline_numbers(const EvalOptions& options, const EvalSet& set) {
  if (options.baseline_detections.empty()) return std::nullopt;
  auto file = read_findings(options.baseline_detections, set.truth.task);
  if (!file.image_names.empty())
    file.findings.boxes = resolve_ids({file.findings.boxes, file.image_names}, set.dataset, "annotations").detections;
  return evaluate_task(set.dataset, set.truth, findings_of(set, file.findings),
                       {options.resamples, options.runtime.seed, options.runtime.threads});
}

/// Labels of classifiers are folders.
void require_no_annotations(const EvalOptions& options, Task task) {
  if (task == Task::classify && !options.data.annotations.empty())
    throw Error(ErrorKind::usage, "eval: --annotations: the folders are a classifier's labels; leave it out");
}

template <class Metrics>
void take(std::optional<Resampled<Metrics>>& from, std::optional<Metrics>& to) {
  if (from) to = std::move(from->metrics);
}

EvalResult result_of(ScoringResult scored, const EvalSet& set) {
  EvalResult result;
  auto& numbers = scored.numbers;
  if (numbers.boxes) result.metrics = std::move(numbers.boxes->metrics);
  take(numbers.classes, result.classification);
  take(numbers.keypoints, result.keypoints);
  take(numbers.masks, result.masks);
  take(numbers.oriented, result.oriented);
  result.latency = scored.latency;
  result.providers = std::move(scored.providers);
  result.head = std::move(scored.head);
  result.images = set.images_name;
  result.annotations = set.annotations_name;
  result.bad_data = reasons_of(set.dataset.bad);
  return result;
}

}  // namespace

EvalResult evaluate(const EvalOptions& options, Progress& listener) {
  check_options(options);
  WatchedProgress progress(listener);
  check_paths(paths_of(options));
  const auto crew = meet_crew(image_duties());
  if (!crew) return {};
  Session session = open_session(options.model, options.runtime, options.optimize);
  const auto form = form_of(session);
  require_no_annotations(options, form.task);
  const auto set = open_task_set(form, options.data, options.runtime.threads);
  const auto baseline = baseline_numbers(options, set);
  const ScoringOptions scoring{.model = options.model,
                               .model_name = options.model.string(),
                               .title = "evaluate " + options.model.filename().string(),
                               .detect = options.detect,
                               .file = options.file,
                               .optimize = options.optimize,
                               .skip_latency = options.skip_latency,
                               .resamples = options.resamples,
                               .baseline = baseline ? &*baseline : nullptr,
                               .runtime = options.runtime,
                               .processes = crew->processes()};
  auto scored = score_model(std::move(session), scoring, set, progress);
  Json document = std::move(scored.document);
  document["bad_data"] = reasons_of(set.dataset.bad);
  const Findings findings = std::move(scored.findings);
  auto found = result_of(std::move(scored), set);
  std::vector<std::function<void()>> writers;
  if (!options.json.empty()) writers.emplace_back([&] { write_json(options.json, document); });
  if (!options.save_detections.empty())
    writers.emplace_back([&] { write_findings(options.save_detections, findings, form.task, text_ids(set.dataset)); });
  write_or_show(text_of(found), writers);
  return found;
}

}  // namespace nibble

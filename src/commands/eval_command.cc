// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/check_options.h"
#include "base/files.h"
#include "base/json.h"
#include "base/json_line.h"
#include "base/output_path.h"
#include "base/watched_progress.h"
#include "nibble/evaluate.h"
#include "scoring/detection_ids.h"
#include "scoring/score_classifier.h"
#include "scoring/score_model.h"
#include "scoring/score_oriented.h"
#include "scoring/score_pose.h"
#include "scoring/score_segment.h"
#include "text/result_text.h"

namespace nibble {
namespace {

/// The ids as the annotations have them: a text stays a text, so that the two files still belong together.
void save_detections(const std::filesystem::path& path, const std::vector<Detection>& detections, const CocoDataset& dataset) {
  std::unordered_map<std::int64_t, std::string> texts;
  for (const auto& image : dataset.images)
    if (!image.key.empty()) texts.emplace(image.id, image.key);
  if (texts.empty()) return write_detections(path, detections);
  write_file(path, [&](std::ostream& out) {
    const char* between = "[\n";
    for (const auto& d : detections) {
      const auto text = texts.find(d.image_id);
      const Json row = {{"image_id", text == texts.end() ? Json(d.image_id) : Json(text->second)},
                        {"category_id", d.category_id},
                        {"bbox", d.box_xywh_px},
                        {"score", d.score}};
      out << between << json_line(row);
      between = ",\n";
    }
    out << (detections.empty() ? "[]\n" : "\n]\n");
  });
}

/// What save_detections wrote.
std::vector<Detection> read_saved(const std::filesystem::path& path, const CocoDataset& dataset) {
  auto file = read_detections_file(path);
  return file.image_names.empty() ? std::move(file.detections) : resolve_ids(file, dataset, "annotations").detections;
}

/// Of tasks other than detection; nullptr for the others, whose boxes are scored.
using ScoreTask = TaskScore (*)(const EvalOptions&, Progress&);
ScoreTask scorer_of(const std::string& task) {
  if (task == "classify") return score_classifier;
  if (task == "pose") return score_pose;
  if (task == "obb") return score_oriented;
  if (task == "segment") return score_segment;
  return nullptr;
}

}  // namespace

EvalResult evaluate(const EvalOptions& options, Progress& listener) {
  check_options(options);
  WatchedProgress progress(listener);
  const auto& data = options.data;
  check_paths(paths_of(options));
  if (auto* const score_task = scorer_of(task_of_file(options.model))) {
    auto score = score_task(options, progress);
    if (!options.json.empty()) write_or_show(text_of(score.result), {[&] { write_json(options.json, score.document); }});
    return std::move(score.result);
  }
  auto set = open_eval_set(data);
  require_readable(set, data.on_bad_data, options.runtime.threads);
  const std::int64_t resamples = options.resamples;
  std::optional<ResampledMetrics> baseline;
  if (!options.baseline_detections.empty())
    baseline = evaluate_resampled(set.dataset, detections_of(set, read_saved(options.baseline_detections, set.dataset)),
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
                   .classification = {},
                   .keypoints = {},
                   .masks = {},
                   .oriented = {},
                   .latency = result.latency,
                   .providers = std::move(result.providers),
                   .head = std::move(result.head),
                   .images = set.images_name,
                   .annotations = set.annotations_name,
                   .bad_data = reasons_of(set.dataset.bad)};
  std::vector<std::function<void()>> writers;
  if (!options.json.empty()) writers.emplace_back([&] { write_json(options.json, result.document); });
  if (!options.save_detections.empty())
    writers.emplace_back([&] { save_detections(options.save_detections, result.detections, set.dataset); });
  write_or_show(text_of(found), writers);
  return found;
}

}  // namespace nibble

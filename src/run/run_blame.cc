// SPDX-License-Identifier: Apache-2.0
#include "run/run_blame.h"

#include <algorithm>

#include "base/json.h"
#include "compare/comparison_steps.h"
#include "compare/task_comparison.h"
#include "nibble/version.h"
#include "report/blame.h"
#include "run/run_pictures.h"
#include "scoring/detect.h"

namespace nibble {
namespace {

constexpr std::int64_t kLayerImages = 2;
constexpr double kConfidence = 0.25;

struct Pair {
  const ArtifactReport& baseline;
  const ArtifactReport& artifact;
};

/// Of a detector the detections that the journal keeps; else what the task has besides, for the pictures too.
Comparison compare_artifacts(const RunPlan& plan, RunJournal& journal, const Pair& pair, std::vector<ComparedImage>& images) {
  const auto& set = plan.evaluation;
  const auto& runtime = plan.options.runtime;
  const Task task = plan.form.task;
  const auto path_a = journal.directory().path(pair.baseline.path), path_b = journal.directory().path(pair.artifact.path);
  const auto categories = static_cast<std::int64_t>(set.dataset.categories.size());
  const auto open = [&](const std::filesystem::path& path) {
    return task == Task::detect ? open_detector(path, runtime, true, categories)
                                : open_any_task(open_session(path, runtime, true), path, {});
  };
  const auto a = open(path_a), b = open(path_b);
  Comparison comparison;
  comparison.task = name_of(task);
  comparison.a = compared_file(path_a, pair.baseline.path, a);
  comparison.b = compared_file(path_b, pair.artifact.path, b);
  describe_data(set, comparison);
  SeenObjects by_b;
  auto& by_a = journal.baseline_objects();
  if (task != Task::detect) {
    if (!by_a) by_a = see_objects(a, set, kConfidence, "look with " + pair.baseline.name, journal.progress());
    by_b = see_objects(b, set, kConfidence, "look with " + pair.artifact.name, journal.progress());
    images = compared_images(set, kConfidence, *by_a, by_b);
    compare_task(images, comparison);
  }
  if (task != Task::classify) {
    const auto& before = task == Task::detect ? seen_detections(plan, journal, pair.baseline) : by_a->detections;
    const auto& after = task == Task::detect ? seen_detections(plan, journal, pair.artifact) : by_b.detections;
    comparison.detections =
        blame_detections(set.dataset, true, before, after, kConfidence, {plan.options.resamples, runtime.seed, runtime.threads});
  }
  compare_inside({path_a, path_b, a, b, set, kLayerImages, false, runtime}, comparison, journal.progress());
  comparison.advice = advise(comparison);
  return comparison;
}

}  // namespace

const std::vector<Detection>& seen_detections(const RunPlan& plan, RunJournal& journal, const ArtifactReport& artifact) {
  auto& seen = journal.seen();
  if (const auto found = seen.find(artifact.name); found != seen.end()) return found->second;
  const auto categories = static_cast<std::int64_t>(plan.evaluation.dataset.categories.size());
  const auto detector = open_detector(journal.directory().path(artifact.path), plan.options.runtime, true, categories);
  return seen[artifact.name] = detect_images(detector, plan.evaluation, {}, "detect " + artifact.name, journal.progress());
}

void blame_artifact(const RunPlan& plan, RunJournal& journal, ArtifactReport& artifact, const std::string& method) {
  const auto& artifacts = journal.report().artifacts;
  const auto baseline = std::find_if(artifacts.begin(), artifacts.end(), [](const auto& row) { return row.recipe.empty() && row.score; });
  if (!artifact.score || baseline == artifacts.end()) return;
  auto& directory = journal.directory();
  const auto path = RunNames::comparison(artifact.recipe, method);
  const auto key = key_of({{"nibble", kVersion},
                           {"baseline", baseline->sha256},
                           {"metrics", metrics_key(plan, artifact.sha256, true)},
                           {"layer_images", kLayerImages},
                           {"confidence", kConfidence}});
  std::vector<ComparedImage> images;
  const bool needs_images = plan.form.task != Task::detect && !has_pictures(plan, journal, *baseline, artifact, method);
  if (!directory.has(path, key) || needs_images) {
    write_json(directory.path(path), to_json(compare_artifacts(plan, journal, {*baseline, artifact}, images)));
    directory.record(path, key);
  }
  if (plan.form.task == Task::detect)
    draw_changes(plan, journal, *baseline, artifact, method);
  else if (needs_images)
    draw_changes(plan, journal, *baseline, artifact, method, images);
  write_curves(plan, journal, *baseline, artifact, method);
  journal.seen().erase(artifact.name);
  artifact.blame = blame_from_document(read_earlier_json(directory.path(path)), path);
}

}  // namespace nibble

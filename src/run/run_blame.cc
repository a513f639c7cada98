// SPDX-License-Identifier: Apache-2.0
#include "run/run_blame.h"

#include <algorithm>

#include "base/json.h"
#include "compare/comparison_steps.h"
#include "nibble/version.h"
#include "report/blame.h"
#include "run/run_pictures.h"
#include "scoring/detect.h"

namespace nibble {
namespace {

constexpr std::int64_t kLayerImages = 2;
constexpr double kConfidence = 0.25;

Comparison compare_artifacts(const RunPlan& plan, RunJournal& journal, const ArtifactReport& baseline, const ArtifactReport& artifact) {
  const auto& set = plan.evaluation;
  const auto& runtime = plan.options.runtime;
  const auto path_a = journal.directory().path(baseline.path), path_b = journal.directory().path(artifact.path);
  const auto categories = static_cast<std::int64_t>(set.dataset.categories.size());
  const auto a = open_detector(path_a, runtime, true, categories), b = open_detector(path_b, runtime, true, categories);
  Comparison comparison;
  comparison.a = compared_file(path_a, baseline.path, a);
  comparison.b = compared_file(path_b, artifact.path, b);
  describe_data(set, comparison);
  comparison.detections =
      blame_detections(set.dataset, true, seen_detections(plan, journal, baseline), seen_detections(plan, journal, artifact), kConfidence,
                       {plan.options.resamples, runtime.seed, runtime.threads});
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
  if (plan.form.task != Task::detect) return;
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
  if (!directory.has(path, key)) {
    write_json(directory.path(path), to_json(compare_artifacts(plan, journal, *baseline, artifact)));
    directory.record(path, key);
  }
  draw_changes(plan, journal, *baseline, artifact, method);
  journal.seen().erase(artifact.name);
  artifact.blame = blame_from_document(read_json(directory.path(path)), path);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "run/run_blame.h"

#include <algorithm>

#include "base/json.h"
#include "compare/comparison_steps.h"
#include "nibble/version.h"
#include "report/blame.h"
#include "scoring/detect.h"

namespace nibble {
namespace {

constexpr std::int64_t kLayerImages = 2;
constexpr double kConfidence = 0.25;

std::vector<Detection> detections_of(const RunPlan& plan, RunJournal& journal, const ArtifactReport& artifact,
                                     const DetectorFile& detector) {
  if (const auto found = journal.seen().find(artifact.name); found != journal.seen().end()) return found->second;
  return detect_images(detector, plan.evaluation, {}, "detect " + artifact.name, journal.progress());  // scored by an earlier attempt
}

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
      blame_detections(set.dataset, true, detections_of(plan, journal, baseline, a), detections_of(plan, journal, artifact, b), kConfidence,
                       {plan.options.resamples, runtime.seed, runtime.threads});
  compare_inside({path_a, path_b, a, b, set, kLayerImages, false, runtime}, comparison, journal.progress());
  comparison.advice = advise(comparison);
  return comparison;
}

}  // namespace

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
  if (!directory.has(path, key)) {
    write_json(directory.path(path), to_json(compare_artifacts(plan, journal, *baseline, artifact)));
    directory.record(path, key);
  }
  journal.seen().erase(artifact.name);
  artifact.blame = blame_from_document(read_json(directory.path(path)), path);
}

}  // namespace nibble

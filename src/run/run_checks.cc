// SPDX-License-Identifier: Apache-2.0
#include "run/run_checks.h"

#include <fmt/format.h>

#include <optional>

#include "base/files.h"
#include "data/centre_crop.h"
#include "data/image.h"
#include "ort/random_run.h"
#include "report/metrics_json.h"
#include "report/variant_row.h"
#include "run/artifact_parity.h"
#include "run/run_blame.h"
#include "scoring/score_model.h"
#include "variants/make_variant.h"

namespace nibble {
namespace {

/// Null where the baseline was not scored.
const ArtifactReport* scored_baseline(RunJournal& journal) {
  const auto* baseline = baseline_of(journal.report());
  return baseline && baseline->score ? baseline : nullptr;
}

/// Its numbers on the resamples; from its detections where an earlier attempt scored it.
const TaskNumbers& baseline_numbers(const RunPlan& plan, RunJournal& journal, const ArtifactReport& baseline) {
  auto& numbers = journal.baseline();
  const auto& runtime = plan.options.runtime;
  if (!numbers)
    numbers = evaluate_task(plan.evaluation.dataset, plan.evaluation.truth,
                            read_findings(journal.directory().path(baseline.score->detections_path), plan.evaluation.truth.task).findings,
                            {plan.options.resamples, runtime.seed, runtime.threads});
  return *numbers;
}

/// metrics.json of a file, from an earlier attempt or now.
PlacedJson metrics_of(const RunPlan& plan, RunJournal& journal, const ArtifactReport& artifact, const std::string& path, bool optimize) {
  auto& directory = journal.directory();
  const auto* baseline = optimize && !artifact.recipe.empty() ? scored_baseline(journal) : nullptr;
  const auto key = metrics_key(plan, artifact.sha256, optimize, baseline ? baseline->sha256 : "");
  const auto detections = RunNames::detections(path);
  if (directory.has(path, key) && directory.has(detections, key)) return read_earlier_json(directory.path(path));
  ScoringOptions scoring;
  scoring.model = directory.path(artifact.path);
  scoring.model_name = artifact.path;
  scoring.title = fmt::format("score {}{}", artifact.name, optimize ? "" : " (reference)");
  scoring.optimize = optimize;
  scoring.skip_latency = !optimize;
  scoring.runtime = plan.options.runtime;
  scoring.processes = plan.processes;
  scoring.resamples = plan.options.resamples;
  if (baseline) scoring.baseline = &baseline_numbers(plan, journal, *baseline);
  auto result = score_model(scoring, plan.evaluation, journal.progress());
  write_findings(directory.path(detections), result.findings, plan.evaluation.truth.task);
  directory.record(detections, key);
  write_json(directory.path(path), result.document);
  directory.record(path, key);
  if (artifact.recipe.empty() && optimize) journal.baseline() = std::move(result.numbers);
  if (optimize && plan.form.task == Task::detect) journal.seen()[artifact.name] = std::move(result.findings.boxes);
  return result.document;
}

/// The first scored file stands for the recipe. Beside it the forms for one runtime are scored: they have folders of their own.
MetricsName metrics_name_of(const RunVariant& variant, const VariantFile& file, bool stands_for_recipe) {
  return [variant, form = stands_for_recipe ? std::string() : file.dialect](const std::string& suffix) {
    const std::string both = form + (form.empty() || suffix.empty() ? "" : "-") + suffix;
    return RunNames::metrics(variant.recipe.name, both, variant.method);
  };
}

/// Which of the files load and are finite, and whether they hold the same network.
std::vector<ArtifactReport> checked(const RunPlan& plan, const RunVariant& variant, const std::vector<VariantFile>& files,
                                    RunJournal& journal) {
  const auto relative = [&](const VariantFile& file) { return plan.names.quantized(artifact_name(variant.recipe, file, variant.method)); };
  const auto path_of = [&](const VariantFile& file) { return journal.directory().path(relative(file)); };
  auto checks = check_variant({variant.recipe, variant.method, files, path_of, relative}, plan.options.runtime, journal.progress());
  compare_quantized(ParityContext{plan, journal.directory(), probe_for(plan, journal)}, files, checks.files, checks.twins);
  journal.report().twins.insert(journal.report().twins.end(), checks.twins.begin(), checks.twins.end());
  return checks.files;
}

}  // namespace

ArtifactId id_of(RunJournal& journal, const std::string& name, const std::string& recipe, const std::string& path) {
  return {name, recipe, path, journal.directory().path(path)};
}

Tensor probe_for(const RunPlan& plan, RunJournal& journal) {
  if (!plan.options.smoke) {
    const auto& set = plan.evaluation;
    const auto file = image_path(set, set.dataset.images.front());
    return stack_images(
        {plan.form.task == Task::classify ? read_centre_crop(file, plan.image_size()) : read_network_image(file, plan.image_size())});
  }
  const auto session = open_session(journal.directory().path(plan.names.baseline("fp32")), plan.options.runtime, true);
  return random_inputs(session, plan.options.runtime.seed).at(0);
}

void score_artifact(const RunPlan& plan, RunJournal& journal, ArtifactReport& artifact, const MetricsName& metrics_name) {
  if (plan.options.smoke || !artifact.finite) return;
  const auto path = metrics_name("");
  artifact.score = score_from_document(metrics_of(plan, journal, artifact, path, true), path);
  artifact.score->detections_path = RunNames::detections(path);
  if (!plan.options.reference) return;
  const auto reference_path = metrics_name("reference");
  const auto reference = metrics_of(plan, journal, artifact, reference_path, false);
  artifact.score->reference_main = score_from_document(reference, reference_path).main;
}

void check_and_score(const RunPlan& plan, const RunVariant& variant, RunJournal& journal) {
  const auto files = files_of(variant.recipe, {});
  auto reports = checked(plan, variant, files, journal);
  std::optional<std::size_t> main;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!is_scored(variant.recipe, files[i])) continue;
    if (!main) main = i;
    score_artifact(plan, journal, reports[i], metrics_name_of(variant, files[i], main == i));
  }
  if (main) blame_artifact(plan, journal, reports[*main], variant.method);
  journal.report().artifacts.insert(journal.report().artifacts.end(), reports.begin(), reports.end());
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run_stages.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "data/image.h"
#include "export/emit.h"
#include "graph/rewrites.h"
#include "nibble/error.h"
#include "ort/parity.h"
#include "pipeline/artifact_check.h"
#include "pipeline/artifact_parity.h"
#include "pipeline/ptq.h"
#include "pipeline/run_blame.h"
#include "pipeline/scoring.h"
#include "pipeline/source_model.h"
#include "pipeline/twin_proof.h"
#include "report/metrics_json.h"
#include "report/report_json.h"

namespace nibble {
namespace {

ArtifactId id_of(RunJournal& journal, const std::string& name, const std::string& recipe, const std::string& path) {
  return {name, recipe, path, journal.directory().path(path)};
}

/// metrics.json of a file, from an earlier attempt or now.
Json metrics_of(const RunPlan& plan, RunJournal& journal, const ArtifactReport& artifact, const std::string& path, bool optimize) {
  auto& directory = journal.directory();
  const auto key = metrics_key(plan, artifact.sha256, optimize);
  if (directory.has(path, key)) return read_json(directory.path(path));
  const ScoringOptions scoring{.model = directory.path(artifact.path),
                               .model_name = artifact.path,
                               .title = fmt::format("score {}{}", artifact.name, optimize ? "" : " (reference)"),
                               .detect = {},
                               .optimize = optimize,
                               .skip_latency = !optimize,
                               .runtime = plan.options.runtime};
  auto result = score_model(scoring, plan.evaluation, journal.progress());
  write_json(directory.path(path), result.document);
  directory.record(path, key);
  if (optimize) journal.seen()[artifact.name] = std::move(result.detections);
  return result.document;
}

/// `form` tells the metrics of a recipe's second scored file from those of its first: "integer" or empty.
void score_artifact(const RunPlan& plan, RunJournal& journal, ArtifactReport& artifact, const std::string& form = "") {
  if (plan.options.smoke || !artifact.finite) return;
  const auto path = RunNames::metrics(artifact.recipe, form);
  artifact.score = score_from_document(metrics_of(plan, journal, artifact, path, true), path);
  if (!plan.options.reference) return;
  const auto reference_path = RunNames::metrics(artifact.recipe, form.empty() ? "reference" : form + "-reference");
  const auto reference = metrics_of(plan, journal, artifact, reference_path, false);
  artifact.score->reference_map_50_95 = score_from_document(reference, reference_path).map_50_95;
}

void emit_baseline_files(const RunPlan& plan, const Detector& baseline, RunJournal& journal) {
  auto& directory = journal.directory();
  for (const auto* precision : {"fp32", "fp16"}) {
    const bool half = std::string(precision) == "fp16";
    const auto path = plan.names.baseline(precision);
    const auto key = key_of({plan.source_key, precision});
    if (directory.has(path, key)) continue;
    EmitOptions options;
    options.metadata = baseline_metadata(baseline.card, half ? "float16" : "float32");
    emit_model(half ? to_half(baseline.graph).graph : baseline.graph, options, directory.path(path));
    directory.record(path, key);
  }
}

/// False when an earlier attempt left all of a recipe's files.
bool must_make(RunJournal& journal, const RunPlan& plan, const Recipe& recipe, const std::vector<PtqFile>& files) {
  const auto key = recipe_key(plan, recipe);
  auto& directory = journal.directory();
  const auto is_there = [&](const PtqFile& file) { return directory.has(plan.names.quantized(artifact_name(recipe, file)), key); };
  return !(std::all_of(files.begin(), files.end(), is_there) && directory.has(RunNames::layers(recipe.name), key));
}

void make_files(const RunPlan& plan, const Recipe& recipe, const Detector& baseline, const std::vector<PtqFile>& files,
                RunJournal& journal) {
  auto& directory = journal.directory();
  const auto result = calibrate_recipe(baseline, recipe, plan.calibration.at(recipe.name), plan.options.runtime, journal.progress());
  const auto relative = [&](const PtqFile& file) { return plan.names.quantized(artifact_name(recipe, file)); };
  const auto path_of = [&](const PtqFile& file) { return directory.path(relative(file)); };
  const auto images = images_of(plan.calibration.at(recipe.name), plan.options.image_size);
  const auto ranges = ranges_for(files, result, images, plan.options.runtime, path_of, journal.progress());
  write_ptq_files(baseline, result, recipe, files, ranges, path_of);
  const auto key = recipe_key(plan, recipe);
  for (const auto& file : files) directory.record(relative(file), key);
  const auto layers = RunNames::layers(recipe.name);
  write_json(directory.path(layers), layers_document(report_of(baseline.graph, recipe, result), result));
  directory.record(layers, key);
}

Tensor probe_for(const RunPlan& plan, RunJournal& journal) {
  if (!plan.options.smoke) {
    const auto& set = plan.evaluation;
    return stack_images({read_network_image(image_path(set, set.dataset.images.front()), plan.options.image_size)});
  }
  const auto session = open_session(journal.directory().path(plan.names.baseline("fp32")), plan.options.runtime, true);
  return random_inputs(session, plan.options.runtime.seed).at(0);
}

}  // namespace

Detector make_baseline(const RunPlan& plan, RunJournal& journal) {
  auto& progress = journal.progress();
  progress.begin("baseline", 3);
  const Detector baseline = read_baseline(plan.options.checkpoint, plan.build);
  progress.step("read " + plan.names.model);
  emit_baseline_files(plan, baseline, journal);
  std::vector<ArtifactReport> reports;
  for (const std::string precision : {"fp32", "fp16"}) {
    reports.push_back(check_artifact(id_of(journal, "baseline-" + precision, "", plan.names.baseline(precision)), plan.options.runtime));
    progress.step(reports.back().name);
  }
  compare_baseline(ParityContext{plan, journal.directory(), probe_for(plan, journal)}, reports);
  progress.end(fmt::format("{} written and checked", reports.size()));
  score_artifact(plan, journal, reports.front());
  journal.report().artifacts.insert(journal.report().artifacts.end(), reports.begin(), reports.end());
  return baseline;
}

void make_quantized(const RunPlan& plan, const Recipe& recipe, const Detector& baseline, RunJournal& journal) {
  const auto files = files_of(recipe, {});
  if (must_make(journal, plan, recipe, files)) make_files(plan, recipe, baseline, files, journal);
  journal.report().recipes.push_back(
      recipe_report_from_json(read_json(journal.directory().path(RunNames::layers(recipe.name))).at("recipe")));

  auto& progress = journal.progress();
  progress.begin("check " + recipe.name, static_cast<std::int64_t>(files.size()));
  std::vector<ArtifactReport> reports;
  for (const auto& file : files) {
    const auto path = plan.names.quantized(artifact_name(recipe, file));
    reports.push_back(check_artifact(id_of(journal, artifact_name(recipe, file), recipe.name, path), plan.options.runtime));
    progress.step(reports.back().name);
  }
  const auto path_of = [&](const PtqFile& file) { return journal.directory().path(plan.names.quantized(artifact_name(recipe, file))); };
  auto twins = prove_twins(recipe, files, path_of);
  compare_quantized(ParityContext{plan, journal.directory(), probe_for(plan, journal)}, files, reports, twins);
  journal.report().twins.insert(journal.report().twins.end(), twins.begin(), twins.end());
  progress.end(fmt::format("{} files", reports.size()));
  for (std::size_t i = 0; i < files.size(); ++i)
    if (is_scored(recipe, files[i])) score_artifact(plan, journal, reports[i], files[i].dialect == "integer" ? "integer" : "");
  for (std::size_t i = 0; i < files.size(); ++i)
    if (is_scored(recipe, files[i]) && files[i].dialect != "integer") blame_artifact(plan, journal, reports[i]);
  journal.report().artifacts.insert(journal.report().artifacts.end(), reports.begin(), reports.end());
}

}  // namespace nibble

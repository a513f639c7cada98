// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run_stages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/files.h"
#include "export/emit.h"
#include "graph/rewrites.h"
#include "pipeline/artifact_check.h"
#include "pipeline/artifact_parity.h"
#include "pipeline/ptq.h"
#include "pipeline/qat_start.h"
#include "pipeline/run_checks.h"
#include "pipeline/run_training.h"
#include "pipeline/source_model.h"
#include "report/budget_text.h"
#include "report/report_json.h"

namespace nibble {
namespace {

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
  const auto result = calibrate_recipe(calibration_job(plan, recipe, baseline, directory), journal.progress());
  const auto relative = [&](const PtqFile& file) { return plan.names.quantized(artifact_name(recipe, file)); };
  const auto path_of = [&](const PtqFile& file) { return directory.path(relative(file)); };
  const auto images = images_of(plan.calibration.at(recipe.name), plan.options.image_size);
  const auto ranges = ranges_for(files, result, images, plan.options.runtime, path_of, journal.progress());
  write_ptq_files(baseline, result, recipe, files, ranges, path_of);
  const auto key = recipe_key(plan, recipe);
  if (is_trained(plan, recipe)) write_start(run_training_places(recipe, directory).start, key, baseline.graph, result.graph);
  for (const auto& file : files) directory.record(relative(file), key);
  const auto layers = RunNames::layers(recipe.name);
  write_json(directory.path(layers), layers_document(report_of(baseline.graph, recipe, result), recipe, result));
  directory.record(layers, key);
}

}  // namespace

Detector make_baseline(const RunPlan& plan, RunJournal& journal) {
  auto& progress = journal.progress();
  progress.begin("baseline", 3);
  Detector baseline = read_baseline(plan.options.checkpoint, plan.build);
  progress.step("read " + plan.names.model);
  emit_baseline_files(plan, baseline, journal);
  std::vector<ArtifactReport> reports;
  for (const std::string precision : {"fp32", "fp16"}) {
    reports.push_back(check_artifact(id_of(journal, "baseline-" + precision, "", plan.names.baseline(precision)), plan.options.runtime));
    progress.step(reports.back().name);
  }
  compare_baseline(ParityContext{plan, journal.directory(), probe_for(plan, journal)}, reports);
  progress.end(fmt::format("{} written and checked", reports.size()));
  score_artifact(plan, journal, reports.front(), [](const std::string& suffix) { return RunNames::metrics("", suffix); });
  journal.report().artifacts.insert(journal.report().artifacts.end(), reports.begin(), reports.end());
  return baseline;
}

void make_quantized(const RunPlan& plan, const Recipe& recipe, const Detector& baseline, RunJournal& journal) {
  const auto files = files_of(recipe, {});
  if (must_make(journal, plan, recipe, files)) make_files(plan, recipe, baseline, files, journal);
  const Json layers = read_json(journal.directory().path(RunNames::layers(recipe.name)));
  journal.report().recipes.push_back(recipe_report_from_json(layers.at("recipe")));
  if (layers.contains("budget"))
    journal.report().data.push_back(fmt::format("{}: {}", recipe.name, fmt::join(budget_lines(layers.at("budget")), "; ")));

  check_variant(plan, {recipe, "ptq"}, journal);
}

}  // namespace nibble

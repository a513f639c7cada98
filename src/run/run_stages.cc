// SPDX-License-Identifier: Apache-2.0
#include "run/run_stages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "artifacts/artifact_check.h"
#include "artifacts/source_model.h"
#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "data/class_match.h"
#include "export/emit.h"
#include "graph/rewrites.h"
#include "report/agreement_text.h"
#include "report/budget_text.h"
#include "report/report_json.h"
#include "run/artifact_parity.h"
#include "run/run_checks.h"
#include "run/run_training.h"
#include "variants/make_variant.h"

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
    options.metadata = baseline_metadata(baseline.info, half ? "float16" : "float32");
    emit_model(half ? to_half(baseline.graph).graph : baseline.graph, options, directory.path(path));
    directory.record(path, key);
  }
}

/// A checkpoint whose classes have numbers for names takes those of the images it is scored on, where there are as many.
void name_classes(Detector& baseline, const RunPlan& plan, RunJournal& journal) {
  auto& names = baseline.info.class_names;
  const auto& categories = plan.evaluation.dataset.categories;
  if (!are_only_numbers(names) || categories.size() != names.size()) return;
  for (auto& [k, name] : names) name = categories[static_cast<std::size_t>(k)].name;
  if (are_only_numbers(names)) return;
  journal.report().caveats.push_back(fmt::format("The classes of {} have numbers for names; those of {} are taken, in its order.",
                                                 plan.options.checkpoint.filename().string(), plan.evaluation.annotations_name));
  log(LogLevel::warning, journal.report().caveats.back());
}

/// False when an earlier attempt left all of a recipe's files.
bool must_make(RunJournal& journal, const RunPlan& plan, const Recipe& recipe, const std::vector<VariantFile>& files) {
  const auto key = recipe_key(plan, recipe);
  auto& directory = journal.directory();
  const auto is_there = [&](const VariantFile& file) { return directory.has(plan.names.quantized(artifact_name(recipe, file)), key); };
  return !(std::all_of(files.begin(), files.end(), is_there) && directory.has(RunNames::layers(recipe.name), key));
}

void make_files(const RunPlan& plan, const Recipe& recipe, const Detector& baseline, const std::vector<VariantFile>& files,
                RunJournal& journal) {
  auto& directory = journal.directory();
  const auto key = recipe_key(plan, recipe);
  const auto relative = [&](const VariantFile& file) { return plan.names.quantized(artifact_name(recipe, file)); };
  const auto layers = RunNames::layers(recipe.name);
  VariantJob job{
      .calibration = calibration_job(plan, recipe, baseline, directory),
      .files = files,
      .path_of = [&](const VariantFile& file) { return directory.path(relative(file)); },
      .layers = directory.path(layers),
  };
  if (is_trained(plan, recipe)) job.start = {run_training_places(recipe, directory).start, key};
  write_variant(job, journal.progress());
  for (const auto& file : files) directory.record(relative(file), key);
  directory.record(layers, key);
}

void tell_agreement(const RunPlan& plan, const Recipe& recipe, const FloatAgreement& agreement, RunJournal& journal) {
  journal.report().data.push_back(fmt::format("{}: {}", recipe.name, describe(agreement, plan.form.task)));
  for (const auto& line : objections_to(agreement, plan.form.task, plan.calibration.at(recipe.name).name))
    journal.report().caveats.push_back(fmt::format("{}: {}", recipe.name, line));
}

}  // namespace

Detector make_baseline(const RunPlan& plan, RunJournal& journal) {
  auto& progress = journal.progress();
  progress.begin("baseline", 3);
  Detector baseline = read_baseline(plan.options.checkpoint, plan.build);
  name_classes(baseline, plan, journal);
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
  const auto layers = read_earlier_json(journal.directory().path(RunNames::layers(recipe.name)));
  journal.report().recipes.push_back(recipe_report_from_json(layers.at("recipe")));
  if (layers.contains("budget"))
    journal.report().data.push_back(
        fmt::format("{}: {}", recipe.name, fmt::join(budget_lines(budget_report_from_json(layers.at("budget")), plan.form.task), "; ")));

  if (layers.contains("agreement")) tell_agreement(plan, recipe, float_agreement_from_json(layers.at("agreement")), journal);
  check_and_score(plan, {recipe, "ptq"}, journal);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "run/run_training.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/content_index.h"
#include "base/files.h"
#include "base/json.h"
#include "report/task_words.h"
#include "report/training_text.h"
#include "run/run_checks.h"
#include "variants/make_variant.h"

namespace nibble {
namespace {

constexpr const char* kCurve = "training.csv";
constexpr const char* kLayers = "layers.json";
constexpr const char* kResult = "training.json";

ImageSource source_of(const RunPlan& plan, const Recipe& recipe) {
  const auto& calibration = plan.calibration.at(recipe.name);
  ImageSource source{plan.options.qat_data, plan.options.qat_images, {}};
  if (source.data.empty()) source = {calibration.name, {}, calibration.files};
  source.on_bad_data = parse_on_bad_data(plan.options.data.on_bad_data, OnBadData::skip_few);
  return source;
}

void note_images(const RunPlan& plan, const Recipe& recipe, const QatImages& images, RunJournal& journal) {
  journal.report().data.push_back(fmt::format("trained {}: {} images of {}, {} more held out to judge by, {}", recipe.name,
                                              images.training.images.size(), images.held_out.annotations_name,
                                              images.held_out.dataset.images.size(), images.has_labels ? "labelled" : "without labels"));
  for (const auto& reason : reasons_of(images.held_out.dataset.bad)) {
    auto& all = journal.report().bad_data;
    const auto line = "training: " + reason;
    if (std::find(all.begin(), all.end(), line) == all.end()) all.push_back(line);
  }
  if (plan.options.qat_data.empty()) return;  // of calibration images the plan says it
  if (plan.options.smoke) return;
  ContentIndex scored(image_paths(plan.evaluation));
  const auto both = std::count_if(images.training.images.begin(), images.training.images.end(),
                                  [&](const auto& image) { return scored.contains(image.file); });
  if (both > 0)
    journal.report().caveats.push_back(fmt::format(
        "**{}: {} training images are also scored: the trained scores are flattered.** Train on other images.", recipe.name, both));
}

std::string training_key(const RunPlan& plan, const Recipe& recipe, const QatImages& images) {
  return key_of({{"start", recipe_key(plan, recipe)}, {"course", describe(plan.options.qat_course, images)}});
}

/// Every file of a finished training, relative to the run directory.
std::vector<std::string> files_of_training(const RunPlan& plan, const Recipe& recipe) {
  std::vector<std::string> all = {RunNames::training(recipe.name, kCurve), RunNames::training(recipe.name, kResult),
                                  RunNames::training(recipe.name, kLayers)};
  for (const auto& file : files_of(recipe, {})) all.push_back(plan.names.quantized(artifact_name(recipe, file, "qat")));
  return all;
}

void train_files(const RunPlan& plan, const Recipe& recipe, const Detector& baseline, const QatImages& images, const std::string& key,
                 RunJournal& journal) {
  auto& directory = journal.directory();
  const auto places = run_training_places(recipe, directory);
  QatJob training{baseline, recipe, plan.options.qat_course, plan.options.runtime, images, places, key, is_file(places.snapshot)};
  training.float_findings = plan.float_findings.get();
  const auto numbers = write_variant(
      {
          .calibration = calibration_job(plan, recipe, baseline, directory),
          .files = files_of(recipe, {}),
          .path_of = [&](const VariantFile& file) { return directory.path(plan.names.quantized(artifact_name(recipe, file, "qat"))); },
          .layers = directory.path(RunNames::training(recipe.name, kLayers)),
          .start = {places.start, recipe_key(plan, recipe)},
          .training = &training,
      },
      journal.progress());
  Json result = to_json(report_of(training, *numbers->fit, RunNames::training(recipe.name, kCurve)));
  result["metric"] = words_of(plan.form.task).main;
  write_json(directory.path(RunNames::training(recipe.name, kResult)), result);
  for (const auto& file : files_of_training(plan, recipe)) directory.record(file, key);
  remove_state(places);
}

}  // namespace

bool is_trained(const RunPlan& plan, const Recipe& recipe) {
  const auto& names = plan.options.qat;
  return std::find(names.begin(), names.end(), recipe.name) != names.end();
}

QatPlaces run_training_places(const Recipe& recipe, const RunDirectory& directory) {
  const auto path = [&](const char* file) { return directory.path(RunNames::training(recipe.name, file)); };
  return {path("start.snapshot"), path("training.snapshot"), path(kCurve), path("events"), path("held-out.onnx")};
}

RunTrainings open_run_trainings(const RunPlan& plan, const Detector& baseline, RunJournal& journal) {
  RunTrainings trainings;
  Json described = Json::object();
  for (const Recipe& recipe : plan.recipes) {
    if (!is_trained(plan, recipe)) continue;
    QatImages images = open_qat_images(source_of(plan, recipe), plan.options.qat_course.held_out, plan.options.runtime.seed, baseline.info);
    note_images(plan, recipe, images, journal);
    described[recipe.name] = describe(images);
    trainings.emplace(recipe.name, std::move(images));
  }
  if (!trainings.empty()) {
    Json inputs = plan.inputs;
    inputs["training"] = described;
    journal.directory().set("inputs", inputs);
  }
  return trainings;
}

void make_trained(const RunPlan& plan, const Recipe& recipe, const Detector& baseline, const QatImages& images, RunJournal& journal) {
  auto& directory = journal.directory();
  const auto key = training_key(plan, recipe, images);
  const auto files = files_of_training(plan, recipe);
  const bool is_finished = std::all_of(files.begin(), files.end(), [&](const auto& file) { return directory.has(file, key); });
  if (!is_finished) train_files(plan, recipe, baseline, images, key, journal);
  journal.report().trainings.push_back(
      training_report_from_json(read_earlier_json(directory.path(RunNames::training(recipe.name, kResult)))));
  check_and_score(plan, {recipe, "qat"}, journal);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "scoring/score_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/log.h"
#include "data/class_match.h"
#include "export/output_scale.h"
#include "nibble/error.h"
#include "report/metrics_json.h"
#include "scoring/detect.h"
#include "scoring/find_together.h"
#include "scoring/latency_probe.h"
#include "scoring/score_settings.h"
#include "scoring/task_score.h"
#include "scoring/task_set.h"

namespace nibble {
namespace {

/// Before the images: of names, only numbers leave a class without a category.
void require_classes(const DetectorFile& detector, const EvalSet& set) {
  const auto known = static_cast<std::int64_t>(with_classes_of(set.dataset, detector.class_names, true).categories.size());
  if (detector.class_count > known)
    throw Error(ErrorKind::input,
                fmt::format("classes: {}: the model has {} classes, of which {} have a counterpart among the categories; use "
                            "annotations with the model's classes",
                            set.annotations_name, detector.class_count, known));
}

void warn_of_names(const DetectorFile& detector, const EvalSet& set) {
  if (are_only_numbers(detector.class_names)) {
    std::map<std::int64_t, std::string> categories;
    for (const auto& category : set.dataset.categories) categories[category.id] = category.name;
    if (detector.class_names.size() == categories.size() && !are_only_numbers(categories))
      log_once(LogLevel::warning,
               fmt::format("class names: the model's classes have numbers for names; {} names them, in its order", set.annotations_name));
    return;
  }
  const auto differing = differing_names(detector, with_classes_of(set.dataset, detector.class_names));
  if (!differing.empty())
    log(LogLevel::warning,
        fmt::format("class names: {}: {} classes are called otherwise by the model (class {}); is this the right data set?",
                    set.annotations_name, differing.size(), differing.front()));
}

/// A file that sees nothing at all is broken more often than its images are empty.
void warn_of_silence(const ScoringOptions& options, const ScoringResult& result, const EvalSet& set) {
  if (!result.findings.boxes.empty()) return;
  const auto shared = find_shared_output_scale(options.model);
  log(LogLevel::warning, shared ? fmt::format("all scores are 0: {}: {}", options.model_name, text_of(*shared))
                                : fmt::format("no detection: {}: no score above {} on {} images", options.model_name,
                                              options.detect.confidence, set.dataset.images.size()));
}

std::optional<Latency> time_model(const ScoringOptions& options, const DetectorFile& detector, const EvalSet& set, Progress& progress) {
  if (options.skip_latency) return std::nullopt;
  if (detector.batch != 1) {
    log(LogLevel::warning, fmt::format("latency: {}: takes {} images at once; times are measured at batch 1 only and left out",
                                       options.model.string(), detector.batch));
    return std::nullopt;
  }
  const auto image = read_input(detector, image_path(set, set.dataset.images.front()));
  return measure_latency(detector.session, network_input(image, detector), options.title + ": latency", progress);
}

MetricsSettings settings_of(const ScoringOptions& options, const DetectorFile& detector, const EvalSet& set) {
  const Task task = set.truth.task;
  auto settings = score_settings(detector, options.runtime, options.optimize, options.skip_latency);
  if (task != Task::classify) take_decoding(settings, decode_options(options.detect));
  settings.onnx_path = options.model_name;
  settings.instances = set.annotations_name;
  settings.images_dir = set.images_name;
  settings.max_images = static_cast<std::int64_t>(set.dataset.images.size());
  settings.task = task;
  settings.head = task == Task::classify ? "classes" : std::string(name_of(detector.layout));
  settings.resamples = options.resamples;
  return settings;
}

/// Roboflow's parent of all categories: id 0, and nothing is annotated with it.
bool has_unused_root(const CocoDataset& dataset) {
  const auto is_root = [](const auto& annotation) { return annotation.category_id == 0; };
  return dataset.categories.size() > 1 && dataset.categories.front().id == 0 &&
         std::none_of(dataset.annotations.begin(), dataset.annotations.end(), is_root);
}

void require_task(Task found, const ScoringOptions& options, const EvalSet& set) {
  if (found == set.truth.task) return;
  throw Error(ErrorKind::input, fmt::format("task: {}: is a model of the task '{}', and {} has labels of the task '{}'", options.model_name,
                                            name_of(found), set.dataset.source.string(), name_of(set.truth.task)));
}

/// A file without class names is held against the categories; where it has one class less than these, the root goes.
DetectorFile open_for(Session session, const ScoringOptions& options, EvalSet& set) {
  require_task(form_of(session).task, options, set);
  if (set.truth.task != Task::detect) return open_any_task(std::move(session), options.model, options.file);
  const auto open = [&](Session opened, std::int64_t categories) {
    return open_detector(std::move(opened), options.model, categories, options.file);
  };
  const auto count = static_cast<std::int64_t>(set.dataset.categories.size());
  std::optional<Error> first;
  try {
    return open(std::move(session), count);
  } catch (const Error& error) {
    const bool may_be_root = error.kind() == ErrorKind::unsupported || error.kind() == ErrorKind::input;
    if (!may_be_root || !has_unused_root(set.dataset)) throw;
    first = error;
  }
  try {
    auto detector = open(open_session(options.model, options.runtime, options.optimize), count - 1);
    log(LogLevel::info, fmt::format("classes: {}: nothing is annotated with '{}' (id 0), which is taken for the parent of the others",
                                    set.annotations_name, set.dataset.categories.front().name));
    set.dataset.categories.erase(set.dataset.categories.begin());
    return detector;
  } catch (const Error&) {
    throw *first;
  }
}

}  // namespace

ScoringResult score_model(const ScoringOptions& options, const EvalSet& set, Progress& progress) {
  return score_model(open_session(options.model, options.runtime, options.optimize), options, set, progress);
}

ScoringResult score_model(Session session, const ScoringOptions& options, const EvalSet& given, Progress& progress) {
  EvalSet set = given;
  const auto model = open_for(std::move(session), options, set);
  if (set.truth.task != Task::classify) {
    require_classes(model, set);
    warn_of_names(model, set);
  }
  warn_of_useless(options.detect, {}, model, options.model_name);
  ScoringResult result;
  result.findings = find_together(options.processes, {model, options.model, options.optimize, options.runtime}, set, options.detect,
                                  options.title, progress);
  warn_of_silence(options, result, set);
  result.numbers =
      evaluate_task(set.dataset, set.truth, result.findings, {options.resamples, options.runtime.seed, options.runtime.threads});
  if (options.baseline) measure_changes(result.numbers, *options.baseline);
  result.latency = time_model(options, model, set, progress);
  const MetricsSettings settings = settings_of(options, model, set);
  result.providers = settings.providers;
  result.head = settings.head;
  const Json numbers = to_json(result.numbers);
  result.document = metrics_document(settings, numbers.at("metrics"), result.latency);
  for (const auto& [name, object] : numbers.items()) result.document[name] = object;
  return result;
}

}  // namespace nibble

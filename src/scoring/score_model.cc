// SPDX-License-Identifier: Apache-2.0
#include "scoring/score_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/log.h"
#include "data/class_match.h"
#include "eval/coco_map.h"
#include "export/output_scale.h"
#include "nibble/error.h"
#include "report/metrics_json.h"
#include "scoring/detect.h"
#include "scoring/latency_probe.h"
#include "scoring/score_settings.h"

namespace nibble {
namespace {

void warn_of_names(const ScoringOptions& options, const DetectorFile& detector, const EvalSet& set) {
  if (are_only_numbers(detector.class_names)) {
    log(LogLevel::warning, fmt::format("class names: {}: its classes have numbers for names; {} names them, in its order",
                                       options.model_name, set.annotations_name));
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
  if (!result.detections.empty()) return;
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
  const auto image = read_network_image(image_path(set, set.dataset.images.front()), detector.image_size);
  return measure_latency(detector.session, network_input(image, detector), options.title + ": latency", progress);
}

MetricsSettings settings_of(const ScoringOptions& options, const DetectorFile& detector, const EvalSet& set) {
  auto settings = score_settings(detector, options.runtime, options.optimize, options.skip_latency, decode_options(options.detect));
  settings.onnx_path = options.model_name;
  settings.instances = set.annotations_name;
  settings.images_dir = set.images_name;
  settings.max_images = static_cast<std::int64_t>(set.dataset.images.size());
  settings.head = std::string(name_of(detector.layout));
  settings.resamples = options.resamples;
  return settings;
}

/// Roboflow's parent of all categories: id 0, and nothing is annotated with it.
bool has_unused_root(const CocoDataset& dataset) {
  const auto is_root = [](const auto& annotation) { return annotation.category_id == 0; };
  return dataset.categories.size() > 1 && dataset.categories.front().id == 0 &&
         std::none_of(dataset.annotations.begin(), dataset.annotations.end(), is_root);
}

/// A file without class names is held against the categories; where it has one class less than these, the root goes.
DetectorFile open_for(const ScoringOptions& options, EvalSet& set) {
  const auto open = [&](std::int64_t categories) {
    return open_boxes(options.model, options.runtime, options.optimize, categories, options.file);
  };
  const auto count = static_cast<std::int64_t>(set.dataset.categories.size());
  std::optional<Error> first;
  try {
    return open(count);
  } catch (const Error& error) {
    const bool may_be_root = error.kind() == ErrorKind::unsupported || error.kind() == ErrorKind::input;
    if (!may_be_root || !has_unused_root(set.dataset)) throw;
    first = error;
  }
  try {
    auto detector = open(count - 1);
    log(LogLevel::info, fmt::format("classes: {}: nothing is annotated with '{}' (id 0), which is taken for the parent of the others",
                                    set.annotations_name, set.dataset.categories.front().name));
    set.dataset.categories.erase(set.dataset.categories.begin());
    return detector;
  } catch (const Error&) {
    throw *first;
  }
}

}  // namespace

ScoringResult score_model(const ScoringOptions& options, const EvalSet& given, Progress& progress) {
  EvalSet set = given;
  const auto detector = open_for(options, set);
  warn_of_names(options, detector, set);
  ScoringResult result;
  result.detections = detect_images(detector, set, options.detect, options.title, progress);
  warn_of_silence(options, result, set);
  result.resampled = evaluate_resampled(set.dataset, result.detections, {options.resamples, options.runtime.seed, options.runtime.threads});
  if (options.baseline) measure_changes(result.resampled, *options.baseline);
  result.latency = time_model(options, detector, set, progress);
  const MetricsSettings settings = settings_of(options, detector, set);
  result.providers = settings.providers;
  result.head = settings.head;
  result.document = metrics_document(settings, to_json(result.resampled.metrics), result.latency);
  return result;
}

}  // namespace nibble

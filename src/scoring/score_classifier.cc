// SPDX-License-Identifier: Apache-2.0
#include "scoring/score_classifier.h"

#include <fmt/format.h>

#include <optional>

#include "data/centre_crop.h"
#include "data/class_folders.h"
#include "eval/top_k.h"
#include "export/onnx_summary.h"
#include "nibble/error.h"
#include "report/metrics_json.h"
#include "scoring/detector_file.h"
#include "scoring/latency_probe.h"
#include "scoring/score_settings.h"

namespace nibble {
namespace {

void require_classifier_options(const EvalOptions& options) {
  const auto refuse = [](const std::string& option, const std::string& why) {
    throw Error(ErrorKind::usage, fmt::format("eval: {}: {}", option, why));
  };
  const auto& data = options.data;
  if (data.images.empty()) refuse("--images", "a classifier is scored on a folder with a folder of images for each class; name it");
  if (!data.annotations.empty()) refuse("--annotations", "the folders are a classifier's labels; leave it out");
  if (!data.image_ids_list.empty()) refuse("--image-ids-list", "is for detectors; leave it out");
  if (!options.save_detections.empty()) refuse("--save-detections", "a classifier detects nothing; leave it out");
  if (!options.baseline_detections.empty()) refuse("--baseline-detections", "is for detectors; leave it out");
}

Json to_json(const ClassificationMetrics& metrics) {
  Json per_class = Json::array();
  for (const auto& row : metrics.per_class)
    per_class.push_back({{"label", row.label}, {"name", row.name}, {"top_1", row.top_1}, {"top_5", row.top_5}, {"images", row.images}});
  return {{"top_1", metrics.top_1}, {"top_5", metrics.top_5}, {"per_class", per_class}, {"num_images", metrics.num_images}};
}

MetricsSettings classifier_settings(const EvalOptions& options, const DetectorFile& classifier, const ClassFolders& set) {
  auto settings = score_settings(classifier, options.runtime, options.optimize, options.skip_latency);
  settings.onnx_path = options.model.string();
  settings.images_dir = set.source.string();
  settings.max_images = static_cast<std::int64_t>(set.images.size());
  settings.head = "classes";
  return settings;
}

}  // namespace

std::string task_of_file(const std::filesystem::path& model) {
  try {
    const auto metadata = summarize_onnx(model).metadata;
    const auto task = metadata.find("task");
    return task == metadata.end() ? "" : task->second;
  } catch (const Error&) {
    return "";
  }
}

TaskScore score_classifier(const EvalOptions& options, Progress& progress) {
  require_classifier_options(options);
  const auto classifier = open_any_task(options.model, options.runtime, options.optimize, options.file);
  const auto set = read_class_folders(options.data.images, classifier.class_names, options.data.max_images);
  const auto title = "evaluate " + options.model.filename().string();
  TopKMeter meter(classifier.class_names);
  progress.begin(title, static_cast<std::int64_t>(set.images.size()));
  std::optional<Tensor> first;
  for (const auto& image : set.images) {
    throw_if_interrupted();
    const Tensor input = network_input(read_centre_crop(image.file, classifier.image_size), classifier);
    if (!first) first = input;
    const Tensor probabilities = classifier.session.run({input}).at(0).to(DType::f32);
    meter.add(image.label, rank_of(probabilities.as<float>().first(static_cast<std::size_t>(classifier.class_count)), image.label));
    progress.step(image.file.filename().string());
  }
  TaskScore score;
  score.result.classification = meter.result();
  progress.end(fmt::format("{} images, top-1 {:.4f}", set.images.size(), score.result.classification->top_1));
  if (!options.skip_latency && classifier.batch == 1)
    score.result.latency = measure_latency(classifier.session, first.value(), title + ": latency", progress);
  const auto settings = classifier_settings(options, classifier, set);
  score.result.providers = settings.providers;
  score.result.head = settings.head;
  score.result.images = settings.images_dir;
  score.document = metrics_document(settings, to_json(*score.result.classification), score.result.latency);
  return score;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "scoring/detect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "base/log.h"
#include "data/class_match.h"
#include "eval/oriented_box.h"
#include "eval/oriented_detection.h"
#include "scoring/found_objects.h"
#include "scoring/task_score.h"

namespace nibble {
namespace {

/// Class numbers become category ids; a class that the data set does not have is nothing there.
void map_to_categories(std::vector<Detection>& detections, const EvalSet& set, const DetectorFile& detector) {
  map_classes(detections, with_classes_of(set.dataset, detector.class_names, true));
  std::set<std::int64_t> known;
  for (const auto& category : set.dataset.categories) known.insert(category.id);
  std::erase_if(detections, [&](const Detection& detection) { return !known.contains(detection.category_id); });
}

}  // namespace

DecodeOptions decode_options(const DetectOptions& detect) {
  DecodeOptions options;
  options.confidence = detect.confidence;
  options.iou = detect.iou;
  options.max_detections = detect.max_detections;
  return options;
}

void warn_of_useless(const DetectOptions& given, const DetectOptions& usual, const DetectorFile& model, const std::string& name) {
  const bool has_suppression = !model.is_classifier && model.kind != OutputKind::one2one;
  std::vector<std::string> useless;
  if (model.is_classifier && given.confidence != usual.confidence) useless.push_back(fmt::format("--conf {}", given.confidence));
  if (!has_suppression && given.iou != usual.iou) useless.push_back(fmt::format("--iou {}", given.iou));
  if (model.is_classifier && given.max_detections != usual.max_detections)
    useless.push_back(fmt::format("--max-det {}", given.max_detections));
  if (useless.empty()) return;
  log_once(LogLevel::warning,
           fmt::format("{}: {} without effect: {}", fmt::join(useless, ", "), useless.size() == 1 ? "is" : "are",
                       model.is_classifier ? name + " is a classifier, which gives a probability of each class"
                                           : "the output of " + name + " is one2one, in which no box suppresses another"));
}

namespace {

std::vector<Detection> detections_of_run(const DetectorFile& detector, const std::vector<Tensor>& outputs, const Letterbox& letterbox,
                                         std::int64_t image_id, const DecodeOptions& options) {
  if (task_of(detector) != "obb")
    return decode_output(detections_output(detector, outputs), 0, detector.kind, detector.class_count, detector.strides, letterbox,
                         image_id, detector.image_size, options);
  std::vector<Detection> upright;
  for (const auto& found :
       decode_oriented(outputs.at(0).to(DType::f32), 0, detector.kind, detector.class_count, letterbox, image_id, options))
    upright.push_back({image_id, found.category_id, found.score, upright_box(found.box)});
  return upright;
}

std::vector<Detection> detections_in(const DetectorFile& detector, const EvalSet& set, const DecodeOptions& options,
                                     const std::string& title, Progress& progress, const TakeOutputs& also) {
  std::vector<Detection> all;
  run_on_images(detector, set, title, progress, [&](const CocoImage& image, const NetworkImage& input, const std::vector<Tensor>& outputs) {
    const auto found = detections_of_run(detector, outputs, input.letterbox, image.id, options);
    all.insert(all.end(), found.begin(), found.end());
    if (also) also(image, input, outputs);
    return found.size();
  });
  map_to_categories(all, set, detector);
  return all;
}

}  // namespace

std::vector<Detection> detect_images(const DetectorFile& detector, const EvalSet& set, const DetectOptions& detect,
                                     const std::string& title, Progress& progress, const TakeOutputs& also) {
  return detections_in(detector, set, decode_options(detect), title, progress, also);
}

std::vector<Detection> predict_images(const DetectorFile& detector, const EvalSet& set, const DetectOptions& detect,
                                      const std::string& title, Progress& progress) {
  auto options = decode_options(detect);
  options.best_class_only = true;
  return detections_in(detector, set, options, title, progress, {});
}

}  // namespace nibble

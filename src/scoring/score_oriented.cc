// SPDX-License-Identifier: Apache-2.0
#include "scoring/score_oriented.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/class_match.h"
#include "data/object_reader.h"
#include "eval/coco_map.h"
#include "eval/oriented_map.h"
#include "nibble/error.h"
#include "scoring/detect.h"

namespace nibble {
namespace {

/// By CocoAnnotation::entry.
using Boxes = std::vector<OrientedBox>;

ObjectReader box_reader(Boxes& boxes) {
  ObjectReader reader;
  reader.wanted = "a data.yaml with labels of corners, 'class x1 y1 x2 y2 x3 y3 x4 y4'";
  reader.from_label = [&boxes](const std::vector<double>& numbers, const CocoImage& image, std::size_t entry) {
    if (numbers.size() < 9)
      throw Error(ErrorKind::input, fmt::format("expected class, x1, y1, x2, y2, x3, y3, x4, y4, found {} numbers", numbers.size()));
    std::vector<std::array<double, 2>> corners;
    for (std::size_t i = 1; i + 1 < numbers.size(); i += 2)
      corners.push_back({numbers[i] * static_cast<double>(image.width_px), numbers[i + 1] * static_cast<double>(image.height_px)});
    boxes.resize(std::max(boxes.size(), entry + 1));
    boxes[entry] = smallest_rectangle(corners);
  };
  return reader;
}

Json to_json(const OrientedMetrics& m) {
  const auto number = [](double value) { return value < 0 ? Json(nullptr) : Json(value); };
  Json json = {{"mAP_50_95", number(m.map_50_95)}, {"mAP_50", number(m.map_50)}, {"mAP_75", number(m.map_75)}};
  json["per_class"] = to_json(m.per_class);
  json["num_images"] = m.num_images;
  json["num_detections"] = m.num_detections;
  return json;
}

}  // namespace

TaskScore score_oriented(const EvalOptions& options, Progress& progress) {
  refuse_detector_options(options);
  Boxes boxes;
  const auto reader = box_reader(boxes);
  auto set = open_eval_set(options.data, &reader);
  require_readable(set, options.data.on_bad_data, options.runtime.threads);
  const auto model = open_any_task(options.model, options.runtime, options.optimize, options.file);
  const auto classes = with_classes_of(set.dataset, model.class_names);
  const auto decode = decode_options(options.detect);
  std::vector<OrientedDetection> found;
  run_on_images(model, set, "evaluate " + options.model.filename().string(), progress,
                [&](const CocoImage& image, const NetworkImage& input, const std::vector<Tensor>& outputs) {
                  const auto detections =
                      decode_oriented(outputs.at(0).to(DType::f32), 0, model.kind, model.class_count, input.letterbox, image.id, decode);
                  found.insert(found.end(), detections.begin(), detections.end());
                  return detections.size();
                });
  for (auto& detection : found) detection.category_id = classes.categories.at(static_cast<std::size_t>(detection.category_id)).id;
  std::vector<OrientedObject> objects;
  for (const auto& annotation : set.dataset.annotations)
    objects.push_back({annotation.image_id, annotation.category_id, boxes.at(annotation.entry)});
  TaskScore score;
  score.result.oriented = evaluate_oriented(set.dataset, objects, found);
  finish_score(score, options, model, set, to_json(*score.result.oriented), progress);
  return score;
}

}  // namespace nibble

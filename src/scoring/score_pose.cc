// SPDX-License-Identifier: Apache-2.0
#include "scoring/score_pose.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/class_match.h"
#include "data/keypoints.h"
#include "eval/coco_map.h"
#include "eval/decode_rows.h"
#include "eval/keypoint_map.h"
#include "nibble/error.h"
#include "report/metrics_json.h"
#include "scoring/detect.h"
#include "scoring/detector_file.h"
#include "scoring/latency_probe.h"
#include "scoring/score_settings.h"
#include "scoring/task_score.h"

namespace nibble {
namespace {

void require_pose_options(const EvalOptions& options) {
  const auto refuse = [](const std::string& option, const std::string& why) {
    throw Error(ErrorKind::usage, fmt::format("eval: {}: {}", option, why));
  };
  const auto& data = options.data;
  if (data.annotations.empty() || data.annotations.extension() != ".json")
    refuse("--annotations", "a pose model is scored on COCO keypoints; name a person_keypoints_*.json");
  if (data.images.empty()) refuse("--images", "name the folder of the images");
  if (!data.image_ids_list.empty()) refuse("--image-ids-list", "is for detectors; use --max-images");
  if (!options.save_detections.empty()) refuse("--save-detections", "writes boxes of detectors only; leave it out");
  if (!options.baseline_detections.empty()) refuse("--baseline-detections", "is for detectors; leave it out");
}

CocoDataset boxes_in(const PoseDataset& set) {
  CocoDataset boxes;
  boxes.source = set.source;
  boxes.images = set.images;
  boxes.categories = set.categories;
  for (const auto& a : set.annotations)
    boxes.annotations.push_back({a.id, a.image_id, a.category_id, a.box_xywh_px, a.area_px2, a.is_crowd, false});
  return boxes;
}

std::vector<Keypoint> keypoints_in_image(const std::vector<float>& extras, std::int64_t values, const Letterbox& letterbox) {
  const auto place = [&](float at, double pad, std::int64_t limit) {
    return std::clamp((at - static_cast<float>(pad)) / static_cast<float>(letterbox.ratio), 0.0F, static_cast<float>(limit));
  };
  std::vector<Keypoint> keypoints;
  for (std::size_t i = 0; i + 1 < extras.size(); i += static_cast<std::size_t>(values))
    keypoints.push_back({place(extras[i], letterbox.pad_x_px, letterbox.width_px),
                         place(extras[i + 1], letterbox.pad_y_px, letterbox.height_px), values == 3 ? extras[i + 2] : 1.0});
  return keypoints;
}

struct PoseFindings {
  std::vector<Detection> boxes;
  std::vector<PoseDetection> poses;
};

PoseFindings find_poses(const EvalOptions& options, const DetectorFile& model, const PoseDataset& set, const std::string& title,
                        Progress& progress) {
  const auto decode = decode_options(options.detect);
  PoseFindings found;
  progress.begin(title, static_cast<std::int64_t>(set.images.size()));
  for (const auto& image : set.images) {
    throw_if_interrupted();
    const auto input = read_network_image(options.data.images / image.file_name, model.image_size);
    const auto outputs = model.session.run({network_input(input, model)});
    const Tensor whole = outputs.at(0).to(DType::f32);
    for (auto& row : decode_rows(detections_output(model, outputs), 0, model.kind, model.class_count, model.strides, input.letterbox,
                                 image.id, model.image_size, decode)) {
      found.poses.push_back({image.id, 0, row.detection.score, row.detection.box_xywh_px,
                             keypoints_in_image(extras_at(whole, model, row.row), model.keypoints.values, input.letterbox)});
      found.boxes.push_back(std::move(row.detection));
    }
    progress.step(image.file_name);
  }
  progress.end(fmt::format("{} images, {} detections", set.images.size(), found.boxes.size()));
  return found;
}

Json number_of_keypoints(double value) { return value < 0 ? Json(nullptr) : Json(value); }

Json to_json(const KeypointMetrics& m) {
  Json json;
  for (const auto& [name, value] :
       {std::pair{"AP_50_95", m.ap_50_95}, std::pair{"AP_50", m.ap_50}, std::pair{"AP_75", m.ap_75}, std::pair{"AP_medium", m.ap_medium},
        std::pair{"AP_large", m.ap_large}, std::pair{"AR_50_95", m.ar_50_95}, std::pair{"AR_50", m.ar_50}, std::pair{"AR_75", m.ar_75},
        std::pair{"AR_medium", m.ar_medium}, std::pair{"AR_large", m.ar_large}})
    json[name] = number_of_keypoints(value);
  json["num_images"] = m.num_images;
  json["num_detections"] = m.num_detections;
  return json;
}

MetricsSettings pose_settings(const EvalOptions& options, const DetectorFile& model, const PoseDataset& set) {
  auto settings = score_settings(model, options.runtime, options.optimize, options.skip_latency, decode_options(options.detect));
  settings.onnx_path = options.model.string();
  settings.instances = options.data.annotations.string();
  settings.images_dir = options.data.images.string();
  settings.max_images = static_cast<std::int64_t>(set.images.size());
  settings.head = std::string(name_of(model.kind));
  return settings;
}

}  // namespace

TaskScore score_pose(const EvalOptions& options, Progress& progress) {
  require_pose_options(options);
  const auto model = open_any_task(options.model, options.runtime, options.optimize, options.file);
  const auto count = model.keypoints.count;
  const auto set = read_pose_dataset(options.data.annotations, count, options.data.max_images.value_or(0));
  if (set.images.empty()) throw Error(ErrorKind::input, fmt::format("data set: {}: has no images", set.source.string()));
  const auto title = "evaluate " + options.model.filename().string();
  auto found = find_poses(options, model, set, title, progress);
  const CocoDataset boxes = boxes_in(set);
  map_classes(found.boxes, with_classes_of(boxes, model.class_names));
  for (std::size_t i = 0; i < found.boxes.size(); ++i) found.poses[i].category_id = found.boxes[i].category_id;
  TaskScore score;
  score.result.keypoints = evaluate_keypoints(set, found.poses, keypoint_constants(count));
  score.result.metrics = evaluate_coco(boxes, found.boxes, options.runtime.threads);
  if (!options.skip_latency && model.batch == 1) {
    const auto first = read_network_image(options.data.images / set.images.front().file_name, model.image_size);
    score.result.latency = measure_latency(model.session, network_input(first, model), title + ": latency", progress);
  }
  const auto settings = pose_settings(options, model, set);
  score.result.providers = settings.providers;
  score.result.head = settings.head;
  score.result.images = settings.images_dir;
  score.result.annotations = settings.instances;
  score.document = metrics_document(settings, to_json(score.result.metrics), score.result.latency);
  score.document["keypoints"] = to_json(*score.result.keypoints);
  return score;
}

}  // namespace nibble

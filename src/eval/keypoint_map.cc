// SPDX-License-Identifier: Apache-2.0
// After pycocotools' COCOeval: computeOks, evaluateImg, accumulate and summarize, with iouType "keypoints".
#include "eval/keypoint_map.h"

#include <algorithm>
#include <cmath>

#include "eval/class_outcomes.h"
#include "eval/coco_map.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr double kSpacing = 2.220446049250313e-16;  // numpy.spacing(1)
constexpr std::size_t kMostDetections = 20;         // of an image and class

CocoDataset objects_of(const PoseDataset& set) {
  CocoDataset objects{set.source, set.images, {}, set.categories};
  for (const auto& a : set.annotations)
    objects.annotations.push_back({a.id, a.image_id, a.category_id, a.box_xywh_px, a.area_px2, a.is_crowd, false});
  return objects;
}

}  // namespace

std::vector<double> keypoint_constants(std::int64_t count) {
  constexpr std::array kPerson{0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072,
                               0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089};
  if (count == static_cast<std::int64_t>(kPerson.size())) return {kPerson.begin(), kPerson.end()};
  return std::vector<double>(static_cast<std::size_t>(count), 1 / static_cast<double>(count));
}

double keypoint_similarity(const PoseAnnotation& annotation, const PoseDetection& detection, const std::vector<double>& constants) {
  if (annotation.keypoints.size() != constants.size() || detection.keypoints.size() != constants.size())
    throw Error(ErrorKind::internal, "keypoint similarity: other numbers of keypoints");
  const auto is_annotated = [](const Keypoint& keypoint) { return keypoint.visibility > 0; };
  const bool is_any = std::any_of(annotation.keypoints.begin(), annotation.keypoints.end(), is_annotated);
  const auto& box = annotation.box_xywh_px;
  /// How far outside of the box's threefold extent.
  const auto outside = [](double at, double start, double extent) {
    return std::max(0.0, (start - extent) - at) + std::max(0.0, at - (start + extent * 2));
  };
  double sum = 0, count = 0;
  for (std::size_t k = 0; k < constants.size(); ++k) {
    const Keypoint& wanted = annotation.keypoints[k];
    const Keypoint& found = detection.keypoints[k];
    if (is_any && !is_annotated(wanted)) continue;
    const double dx = is_any ? found.x_px - wanted.x_px : outside(found.x_px, box[0], box[2]);
    const double dy = is_any ? found.y_px - wanted.y_px : outside(found.y_px, box[1], box[3]);
    const double deviation = constants[k] * 2;
    sum += std::exp(-((dx * dx + dy * dy) / (deviation * deviation) / (annotation.area_px2 + kSpacing) / 2));
    ++count;
  }
  return sum / count;
}

KeypointMetrics evaluate_keypoints(const PoseDataset& ground_truth, const std::vector<PoseDetection>& detections,
                                   const std::vector<double>& constants) {
  const CocoDataset objects = objects_of(ground_truth);
  std::vector<Detection> boxes;
  for (const auto& d : detections) boxes.push_back({d.image_id, d.category_id, d.score, d.box_xywh_px});
  coco::Measure measure;
  measure.most_detections = kMostDetections;
  measure.is_void = [&](std::size_t truth) { return ground_truth.annotations[truth].annotated == 0; };
  measure.overlap = [&](std::size_t detection, std::size_t truth) {
    return keypoint_similarity(ground_truth.annotations[truth], detections[detection], constants);
  };
  const auto classes = coco::match_classes(objects, boxes, 1, &measure);
  const auto m = measure_matched(objects, classes, detections.size(), 1);
  KeypointMetrics metrics;
  metrics.ap_50_95 = m.map_50_95, metrics.ap_50 = m.map_50, metrics.ap_75 = m.map_75;
  metrics.ap_medium = m.map_medium, metrics.ap_large = m.map_large;
  metrics.ar_50_95 = m.ar_100, metrics.ar_50 = mean_recall(classes, 0), metrics.ar_75 = mean_recall(classes, 5);
  metrics.ar_medium = m.ar_medium, metrics.ar_large = m.ar_large;
  metrics.num_images = m.num_images, metrics.num_detections = m.num_detections;
  return metrics;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// After pycocotools' COCOeval: computeOks, evaluateImg, accumulate and summarize, with iouType "keypoints".
#include "eval/keypoint_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "eval/bootstrap.h"
#include "eval/coco_map.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr double kSpacing = 2.220446049250313e-16;  // numpy.spacing(1)
constexpr std::size_t kMostDetections = 20;         // of an image and class

/// Of the numbers that resample_matched gives, in the order of KeypointMetrics: AP, AP 50, 75, medium, large, AR, AR 50, 75, medium, large.
constexpr std::array<std::size_t, 10> kPlaces{0, 1, 2, 4, 5, 8, 12, 13, 10, 11};

}  // namespace

std::vector<double> keypoint_constants(std::int64_t count) {
  constexpr std::array kPerson{0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072,
                               0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089};
  if (count == static_cast<std::int64_t>(kPerson.size())) return {kPerson.begin(), kPerson.end()};
  return std::vector<double>(static_cast<std::size_t>(count), 1 / static_cast<double>(count));
}

double keypoint_similarity(const CocoAnnotation& annotation, const std::vector<Keypoint>& wanted, const std::vector<Keypoint>& found,
                           const std::vector<double>& constants) {
  if (wanted.size() != constants.size() || found.size() != constants.size())
    throw Error(ErrorKind::input, fmt::format("evaluation: image {}: {} keypoints were found, {} are annotated, and {} are expected",
                                              annotation.image_id, found.size(), wanted.size(), constants.size()));
  const auto is_annotated = [](const Keypoint& keypoint) { return keypoint.visibility > 0; };
  const bool is_any = std::any_of(wanted.begin(), wanted.end(), is_annotated);
  const auto& box = annotation.box_xywh_px;
  /// How far outside of the box's threefold extent.
  const auto outside = [](double at, double start, double extent) {
    return std::max(0.0, (start - extent) - at) + std::max(0.0, at - (start + extent * 2));
  };
  double sum = 0, count = 0;
  for (std::size_t k = 0; k < constants.size(); ++k) {
    if (is_any && !is_annotated(wanted[k])) continue;
    const double dx = is_any ? found[k].x_px - wanted[k].x_px : outside(found[k].x_px, box[0], box[2]);
    const double dy = is_any ? found[k].y_px - wanted[k].y_px : outside(found[k].y_px, box[1], box[3]);
    const double deviation = constants[k] * 2;
    sum += std::exp(-((dx * dx + dy * dy) / (deviation * deviation) / (annotation.area_px2 + kSpacing) / 2));
    ++count;
  }
  return sum / count;
}

std::int64_t keypoints_of(const std::vector<Pose>& truths, const std::vector<std::vector<Keypoint>>& found) {
  std::size_t count = 0;
  for (const auto& pose : truths) count = std::max(count, pose.keypoints.size());
  if (count == 0 && !found.empty()) count = found.front().size();
  return static_cast<std::int64_t>(count);
}

std::vector<coco::ClassOutcomes> match_keypoints(const CocoDataset& ground_truth, const std::vector<Pose>& truths,
                                                 const std::vector<Detection>& detections,
                                                 const std::vector<std::vector<Keypoint>>& keypoints, const std::vector<double>& constants,
                                                 int threads) {
  const auto pose_of = [&](std::size_t truth) -> const Pose& { return truths.at(ground_truth.annotations[truth].entry); };
  coco::Measure measure;
  measure.most_detections = kMostDetections;
  measure.is_void = [&](std::size_t truth) { return pose_of(truth).annotated == 0; };
  measure.overlap = [&](std::size_t detection, std::size_t truth) {
    return keypoint_similarity(ground_truth.annotations[truth], pose_of(truth).keypoints, keypoints.at(detection), constants);
  };
  return coco::match_classes(ground_truth, detections, threads, &measure);
}

Resampled<KeypointMetrics> evaluate_keypoints(const CocoDataset& ground_truth, const std::vector<Pose>& truths,
                                              const std::vector<Detection>& detections, const std::vector<std::vector<Keypoint>>& keypoints,
                                              const std::vector<double>& constants, const Resampling& resampling) {
  const auto classes = match_keypoints(ground_truth, truths, detections, keypoints, constants, resampling.threads);
  const auto m = measure_matched(ground_truth, classes, detections.size(), resampling.threads);
  KeypointMetrics metrics;
  metrics.ap_50_95 = m.map_50_95, metrics.ap_50 = m.map_50, metrics.ap_75 = m.map_75;
  metrics.ap_medium = m.map_medium, metrics.ap_large = m.map_large;
  metrics.ar_50_95 = m.ar_100, metrics.ar_50 = mean_recall(classes, 0), metrics.ar_75 = mean_recall(classes, 5);
  metrics.ar_medium = m.ar_medium, metrics.ar_large = m.ar_large;
  metrics.num_images = m.num_images, metrics.num_detections = m.num_detections;
  Samples samples;
  for (const auto& all : resample_matched(classes, ground_truth.images.size(), resampling)) {
    auto& sample = samples.emplace_back();
    for (const auto place : kPlaces) sample.push_back(all[place]);
  }
  return with_intervals(std::move(metrics), std::move(samples));
}

}  // namespace nibble

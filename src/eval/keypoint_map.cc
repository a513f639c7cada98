// SPDX-License-Identifier: Apache-2.0
// After pycocotools' COCOeval: computeOks, evaluateImg, accumulate and summarize, with iouType "keypoints".
#include "eval/keypoint_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "eval/coco_match.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr double kSpacing = 2.220446049250313e-16;  // numpy.spacing(1)
constexpr std::size_t kMostDetections = 20;         // of an image and class
constexpr std::size_t kPoseRecallPoints = 101, kNobody = SIZE_MAX;
constexpr std::array<coco::AreaRange, 3> kPoseAreas = {{{0, 1e10}, {32.0 * 32.0, 96.0 * 96.0}, {96.0 * 96.0, 1e10}}};

struct PoseScene {
  std::vector<const PoseAnnotation*> truths;     // file order
  std::vector<const PoseDetection*> detections;  // best first
  std::vector<std::vector<double>> similarity;   // [detection][truth]
};

/// What became of a detection at each threshold.
struct PoseOutcome {
  double score = 0;
  std::array<bool, coco::kThresholds> found{}, ignored{};
};
struct PoseClass {
  std::vector<PoseOutcome> outcomes;
  std::int64_t counted = 0;  // truths that count
};

bool is_outside(double area, const coco::AreaRange& range) { return !range.holds(area); }
double area_of(const PoseDetection& detection) { return detection.box_xywh_px[2] * detection.box_xywh_px[3]; }

/// The truth that a detection finds: with the largest similarity (ties: the last), of those that count if any is similar enough.
std::size_t found_truth(const PoseScene& scene, std::size_t detection, const std::vector<std::size_t>& order,
                        const std::vector<bool>& ignored, const std::vector<bool>& taken, double threshold) {
  double best = std::min(threshold, 1 - 1e-10);
  std::size_t found = kNobody;
  for (const std::size_t g : order) {
    if (taken[g] && !scene.truths[g]->is_crowd) continue;
    if (found != kNobody && !ignored[found] && ignored[g]) break;
    if (scene.similarity[detection][g] < best) continue;
    best = scene.similarity[detection][g];
    found = g;
  }
  return found;
}

void match_scene(const PoseScene& scene, const coco::AreaRange& range, PoseClass& result) {
  const auto thresholds = coco::overlap_thresholds();
  std::vector<bool> ignored;
  std::vector<std::size_t> order(scene.truths.size());
  for (std::size_t g = 0; g < order.size(); ++g) {
    const auto& truth = *scene.truths[g];
    ignored.push_back(truth.is_crowd || truth.annotated == 0 || is_outside(truth.area_px2, range));
    order[g] = g;
    result.counted += !ignored.back();
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ignored[a] < ignored[b]; });
  const std::size_t first = result.outcomes.size();
  for (const auto* detection : scene.detections) {
    result.outcomes.emplace_back();
    result.outcomes.back().score = detection->score;
  }
  for (std::size_t t = 0; t < thresholds.size(); ++t) {
    std::vector<bool> taken(scene.truths.size(), false);
    for (std::size_t d = 0; d < scene.detections.size(); ++d) {
      auto& outcome = result.outcomes[first + d];
      const auto g = found_truth(scene, d, order, ignored, taken, thresholds[t]);
      if (g == kNobody) {
        outcome.ignored[t] = is_outside(area_of(*scene.detections[d]), range);
        continue;
      }
      taken[g] = true;
      outcome.found[t] = true;
      outcome.ignored[t] = ignored[g];
    }
  }
}

/// Mean precision over the recall points, and the recall.
std::pair<double, double> precision_and_recall(const PoseClass& of, std::size_t threshold) {
  std::vector<double> precision, recall;
  double right = 0, wrong = 0;
  for (const auto& outcome : of.outcomes) {
    right += outcome.found[threshold] && !outcome.ignored[threshold];
    wrong += !outcome.found[threshold] && !outcome.ignored[threshold];
    recall.push_back(right / static_cast<double>(of.counted));
    precision.push_back(right / (wrong + right + kSpacing));
  }
  for (std::size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
  double sum = 0;
  for (std::size_t r = 0; r < kPoseRecallPoints; ++r) {
    const double wanted = r + 1 < kPoseRecallPoints ? static_cast<double>(r) * 0.01 : 1.0;
    const auto at = std::lower_bound(recall.begin(), recall.end(), wanted);
    if (at != recall.end()) sum += precision[static_cast<std::size_t>(at - recall.begin())];
  }
  return {sum / kPoseRecallPoints, recall.empty() ? 0 : recall.back()};
}

struct AreaNumbers {
  std::array<double, coco::kThresholds> precision{}, recall{};
};

/// Means over the classes that have a truth in the range; nothing where none has.
std::optional<AreaNumbers> numbers_in(const std::vector<std::vector<PoseScene>>& classes, const coco::AreaRange& range) {
  AreaNumbers numbers;
  std::int64_t counted = 0;
  for (const auto& scenes : classes) {
    PoseClass result;
    for (const auto& scene : scenes) match_scene(scene, range, result);
    if (result.counted == 0) continue;
    ++counted;
    std::stable_sort(result.outcomes.begin(), result.outcomes.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
    for (std::size_t t = 0; t < coco::kThresholds; ++t) {
      const auto [precision, recall] = precision_and_recall(result, t);
      numbers.precision[t] += precision;
      numbers.recall[t] += recall;
    }
  }
  if (counted == 0) return std::nullopt;
  for (auto* values : {&numbers.precision, &numbers.recall})
    for (double& value : *values) value /= static_cast<double>(counted);
  return numbers;
}

double mean_over_thresholds(const std::array<double, coco::kThresholds>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

void finish_scene(PoseScene& scene, const std::vector<double>& constants) {
  std::stable_sort(scene.detections.begin(), scene.detections.end(), [](const auto* a, const auto* b) { return a->score > b->score; });
  scene.detections.resize(std::min(scene.detections.size(), kMostDetections));
  for (const auto* detection : scene.detections) {
    scene.similarity.emplace_back();
    for (const auto* truth : scene.truths) scene.similarity.back().push_back(keypoint_similarity(*truth, *detection, constants));
  }
}

/// By category, then by image, in ascending order.
std::vector<std::vector<PoseScene>> pose_scenes(const PoseDataset& truths, const std::vector<PoseDetection>& detections,
                                                const std::vector<double>& constants) {
  std::map<std::int64_t, std::map<std::int64_t, PoseScene>> scenes;
  std::set<std::int64_t> images;
  for (const auto& image : truths.images) images.insert(image.id);
  for (const auto& category : truths.categories) scenes[category.id];
  for (const auto& truth : truths.annotations) scenes[truth.category_id][truth.image_id].truths.push_back(&truth);
  for (const auto& detection : detections) {
    if (!images.contains(detection.image_id))
      throw Error(ErrorKind::input,
                  fmt::format("evaluation: {}: image {} is not in the data set; use the annotations the detections were made for",
                              truths.source.string(), detection.image_id));
    if (const auto found = scenes.find(detection.category_id); found != scenes.end())
      found->second[detection.image_id].detections.push_back(&detection);
  }
  std::vector<std::vector<PoseScene>> classes;
  for (auto& [category, by_image] : scenes) {
    classes.emplace_back();
    for (auto& [image, scene] : by_image) {
      finish_scene(scene, constants);
      classes.back().push_back(std::move(scene));
    }
  }
  return classes;
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
  const auto classes = pose_scenes(ground_truth, detections, constants);
  KeypointMetrics metrics;
  metrics.num_images = static_cast<std::int64_t>(ground_truth.images.size());
  metrics.num_detections = static_cast<std::int64_t>(detections.size());
  if (const auto all = numbers_in(classes, kPoseAreas[0])) {
    metrics.ap_50_95 = mean_over_thresholds(all->precision);
    metrics.ap_50 = all->precision[0];
    metrics.ap_75 = all->precision[5];
    metrics.ar_50_95 = mean_over_thresholds(all->recall);
    metrics.ar_50 = all->recall[0];
    metrics.ar_75 = all->recall[5];
  }
  if (const auto medium = numbers_in(classes, kPoseAreas[1])) {
    metrics.ap_medium = mean_over_thresholds(medium->precision);
    metrics.ar_medium = mean_over_thresholds(medium->recall);
  }
  if (const auto large = numbers_in(classes, kPoseAreas[2])) {
    metrics.ap_large = mean_over_thresholds(large->precision);
    metrics.ar_large = mean_over_thresholds(large->recall);
  }
  return metrics;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "eval/oriented_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "eval/coco_match.h"
#include "nibble/error.h"

namespace nibble {
namespace {

using coco::kThresholds;

struct OrientedScene {
  std::vector<OrientedBox> objects;
  std::vector<const OrientedDetection*> detections;
};
struct OrientedOutcome {
  double score;
  std::array<bool, kThresholds> found;
};
using ScenesOfClasses = std::map<std::int64_t, std::map<std::int64_t, OrientedScene>>;  ///< by category, then by image

ScenesOfClasses gather(const CocoDataset& set, const std::vector<OrientedObject>& objects,
                       const std::vector<OrientedDetection>& detections) {
  std::set<std::int64_t> images;
  ScenesOfClasses scenes;
  for (const auto& image : set.images) images.insert(image.id);
  for (const auto& category : set.categories) scenes[category.id];
  const auto require_known = [&](std::int64_t image) {
    if (!images.contains(image))
      throw Error(ErrorKind::input, fmt::format("evaluation: {}: image {} is not in the data set; use the annotations the detections were "
                                                "made for",
                                                set.source.string(), image));
  };
  for (const auto& object : objects) {
    require_known(object.image_id);
    scenes[object.category_id][object.image_id].objects.push_back(object.box);
  }
  for (const auto& detection : detections) {
    require_known(detection.image_id);
    if (const auto found = scenes.find(detection.category_id); found != scenes.end())
      found->second[detection.image_id].detections.push_back(&detection);
  }
  return scenes;
}

void match_scene(OrientedScene& scene, std::vector<OrientedOutcome>& outcomes) {
  static const auto thresholds = coco::overlap_thresholds();
  std::stable_sort(scene.detections.begin(), scene.detections.end(), [](const auto* a, const auto* b) { return a->score > b->score; });
  std::vector<std::array<bool, kThresholds>> is_taken(scene.objects.size());
  for (const auto* detection : scene.detections) {
    OrientedOutcome outcome{detection->score, {}};
    std::vector<float> overlaps;
    for (const auto& object : scene.objects) overlaps.push_back(probabilistic_overlap(object, detection->box));
    for (std::size_t t = 0; t < kThresholds; ++t) {
      std::size_t best = overlaps.size();
      for (std::size_t g = 0; g < overlaps.size(); ++g)
        if (!is_taken[g][t] && (best == overlaps.size() || overlaps[g] > overlaps[best])) best = g;
      if (best == overlaps.size() || overlaps[best] < static_cast<float>(thresholds[t])) continue;
      is_taken[best][t] = true;
      outcome.found[t] = true;
    }
    outcomes.push_back(outcome);
  }
}

struct CurvePoint {
  double recall, precision;
};

/// The value at `recall` of the line through the points, whose recalls ascend; of points with the same recall the last counts, as in
/// numpy.interp.
double interpolated(const std::vector<CurvePoint>& curve, double recall) {
  const auto after = std::upper_bound(curve.begin(), curve.end(), recall, [](double r, const CurvePoint& p) { return r < p.recall; });
  if (after == curve.begin()) return curve.front().precision;
  const auto& from = *(after - 1);
  if (after == curve.end() || from.recall == recall) return from.precision;
  return from.precision + (after->precision - from.precision) / (after->recall - from.recall) * (recall - from.recall);
}

/// `outcomes`: best score first.
double average_precision(const std::vector<OrientedOutcome>& outcomes, std::size_t threshold, std::size_t objects) {
  constexpr std::size_t kPoints = 101;
  constexpr double kEpsilon = 1e-16;
  std::vector<CurvePoint> curve{{0, 1}};
  double finds = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    finds += outcomes[i].found[threshold] ? 1 : 0;
    curve.push_back({finds / (static_cast<double>(objects) + kEpsilon), finds / static_cast<double>(i + 1)});
  }
  curve.push_back({curve.back().recall, 0});
  curve.push_back({1, 0});
  for (std::size_t i = curve.size(); i-- > 1;) curve[i - 1].precision = std::max(curve[i - 1].precision, curve[i].precision);
  double area = 0, last = interpolated(curve, 0);
  for (std::size_t k = 1; k < kPoints; ++k) {
    const double at = static_cast<double>(k) / (kPoints - 1), before = static_cast<double>(k - 1) / (kPoints - 1);
    const double value = interpolated(curve, at);
    area += (at - before) * (value + last) / 2;
    last = value;
  }
  return area;
}

/// By threshold; `objects` is not 0.
std::array<double, kThresholds> precisions_of(std::map<std::int64_t, OrientedScene>& images, std::size_t objects) {
  std::vector<OrientedOutcome> outcomes;
  for (auto& [image, scene] : images) match_scene(scene, outcomes);
  std::stable_sort(outcomes.begin(), outcomes.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  std::array<double, kThresholds> precisions{};
  for (std::size_t t = 0; t < kThresholds && !outcomes.empty(); ++t) precisions[t] = average_precision(outcomes, t, objects);
  return precisions;
}

}  // namespace

OrientedMetrics evaluate_oriented(const CocoDataset& set, const std::vector<OrientedObject>& objects,
                                  const std::vector<OrientedDetection>& detections) {
  auto scenes = gather(set, objects, detections);
  OrientedMetrics metrics;
  metrics.num_images = static_cast<std::int64_t>(set.images.size());
  metrics.num_detections = static_cast<std::int64_t>(detections.size());
  double sum = 0, sum_50 = 0, sum_75 = 0, classes = 0;
  for (const auto& category : set.categories) {
    auto& images = scenes[category.id];
    std::size_t count = 0;
    for (const auto& [image, scene] : images) count += scene.objects.size();
    ClassAp row{category.id, category.name, -1, -1, static_cast<std::int64_t>(count)};
    if (count > 0) {
      const auto precisions = precisions_of(images, count);
      row.ap_50 = precisions[0];
      row.ap_50_95 = 0;
      for (const double precision : precisions) row.ap_50_95 += precision / kThresholds;
      sum += row.ap_50_95, sum_50 += row.ap_50, sum_75 += precisions[5], ++classes;
    }
    metrics.per_class.push_back(std::move(row));
  }
  if (classes > 0) {
    metrics.map_50_95 = sum / classes;
    metrics.map_50 = sum_50 / classes;
    metrics.map_75 = sum_75 / classes;
  }
  return metrics;
}

}  // namespace nibble

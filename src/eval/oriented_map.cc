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
  std::size_t image = 0;  ///< position in the set
};
/// One class: what became of its detections, best score first, and how many objects each image has.
struct OrientedClass {
  std::vector<OrientedOutcome> outcomes;
  std::vector<std::pair<std::size_t, std::size_t>> objects;  ///< position of the image, number
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

void match_scene(OrientedScene& scene, std::size_t image, std::vector<OrientedOutcome>& outcomes) {
  static const auto thresholds = coco::overlap_thresholds();
  std::stable_sort(scene.detections.begin(), scene.detections.end(), [](const auto* a, const auto* b) { return a->score > b->score; });
  std::vector<std::array<bool, kThresholds>> is_taken(scene.objects.size());
  for (const auto* detection : scene.detections) {
    OrientedOutcome outcome{detection->score, {}, image};
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

constexpr std::size_t kPoints = 101;
using Precisions = std::array<double, kPoints>;
double recall_at(std::size_t point) { return static_cast<double>(point) / (kPoints - 1); }

/// `objects`: how many count; not 0. A find that stands several times in a row is on the curve at its first and at its last copy: between
/// them precision only rises.
Precisions precisions_of(const std::vector<OrientedOutcome>& outcomes, std::size_t threshold, double objects, const Weights& weights) {
  constexpr double kEpsilon = 1e-16;
  std::vector<CurvePoint> curve{{0, 1}};
  double finds = 0, seen = 0;
  const auto add_point = [&] { curve.push_back({finds / (objects + kEpsilon), finds / seen}); };
  for (const auto& outcome : outcomes) {
    const double weight = weights[outcome.image];
    if (weight == 0) continue;
    if (outcome.found[threshold]) {
      ++finds, ++seen;
      add_point();
      if (weight == 1) continue;
      finds += weight - 1;
    } else {
      ++seen;
    }
    seen += weight - 1;
    add_point();
  }
  curve.push_back({curve.back().recall, 0});
  curve.push_back({1, 0});
  for (std::size_t i = curve.size(); i-- > 1;) curve[i - 1].precision = std::max(curve[i - 1].precision, curve[i].precision);
  Precisions precisions{};
  for (std::size_t k = 0; k < kPoints; ++k) precisions[k] = interpolated(curve, recall_at(k));
  return precisions;
}

double average_precision(const std::vector<OrientedOutcome>& outcomes, std::size_t threshold, double objects, const Weights& weights) {
  const auto precisions = precisions_of(outcomes, threshold, objects, weights);
  double area = 0;
  for (std::size_t k = 1; k < kPoints; ++k) area += (recall_at(k) - recall_at(k - 1)) * (precisions[k] + precisions[k - 1]) / 2;
  return area;
}

/// In the order of the categories.
std::vector<OrientedClass> match_oriented(const CocoDataset& set, const std::vector<OrientedObject>& objects,
                                          const std::vector<OrientedDetection>& detections) {
  std::map<std::int64_t, std::size_t> positions;
  for (const auto& image : set.images) positions.emplace(image.id, positions.size());
  auto scenes = gather(set, objects, detections);
  std::vector<OrientedClass> classes;
  for (const auto& category : set.categories) {
    auto& of_class = classes.emplace_back();
    for (auto& [image, scene] : scenes[category.id]) {
      const auto position = positions.at(image);
      if (!scene.objects.empty()) of_class.objects.emplace_back(position, scene.objects.size());
      match_scene(scene, position, of_class.outcomes);
    }
    std::stable_sort(of_class.outcomes.begin(), of_class.outcomes.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  }
  return classes;
}

struct OrientedAp {
  double objects = 0;  ///< that count
  std::array<double, kThresholds> precisions{};
  double mean() const {
    double sum = 0;
    for (const double precision : precisions) sum += precision / kThresholds;
    return sum;
  }
};

/// A class without objects has no precisions.
OrientedAp measure(const OrientedClass& of_class, const Weights& weights) {
  OrientedAp ap;
  for (const auto& [image, count] : of_class.objects) ap.objects += static_cast<double>(count * weights[image]);
  const bool any = std::any_of(of_class.outcomes.begin(), of_class.outcomes.end(), [&](const auto& o) { return weights[o.image] > 0; });
  for (std::size_t t = 0; t < kThresholds && ap.objects > 0 && any; ++t)
    ap.precisions[t] = average_precision(of_class.outcomes, t, ap.objects, weights);
  return ap;
}

/// Means over the classes that have objects: 50-95, 50, 75.
std::vector<double> means_of(const std::vector<OrientedAp>& all) {
  double sum = 0, sum_50 = 0, sum_75 = 0, classes = 0;
  for (const auto& ap : all) {
    if (ap.objects == 0) continue;
    sum += ap.mean(), sum_50 += ap.precisions[0], sum_75 += ap.precisions[5], ++classes;
  }
  if (classes == 0) return {-1, -1, -1};
  return {sum / classes, sum_50 / classes, sum_75 / classes};
}

std::vector<OrientedAp> measure_all(const std::vector<OrientedClass>& classes, const Weights& weights) {
  std::vector<OrientedAp> all;
  for (const auto& of_class : classes) all.push_back(measure(of_class, weights));
  return all;
}

}  // namespace

Resampled<OrientedMetrics> evaluate_oriented(const CocoDataset& set, const std::vector<OrientedObject>& objects,
                                             const std::vector<OrientedDetection>& detections, const Resampling& resampling) {
  const auto classes = match_oriented(set, objects, detections);
  OrientedMetrics metrics;
  metrics.num_images = static_cast<std::int64_t>(set.images.size());
  metrics.num_detections = static_cast<std::int64_t>(detections.size());
  const auto all = measure_all(classes, Weights(set.images.size(), 1));
  for (std::size_t k = 0; k < all.size(); ++k) {
    ClassAp row{set.categories[k].id, set.categories[k].name, -1, -1, static_cast<std::int64_t>(all[k].objects)};
    if (row.instances > 0) row.ap_50_95 = all[k].mean(), row.ap_50 = all[k].precisions[0];
    metrics.per_class.push_back(std::move(row));
  }
  const auto means = means_of(all);
  metrics.map_50_95 = means[0], metrics.map_50 = means[1], metrics.map_75 = means[2];
  auto samples =
      draw_samples(set.images.size(), resampling, [&](const Weights& weights) { return means_of(measure_all(classes, weights)); });
  return with_intervals(std::move(metrics), std::move(samples));
}

std::vector<OrientedObject> oriented_objects(const CocoDataset& set, const std::vector<OrientedBox>& truths) {
  std::vector<OrientedObject> objects;
  for (const auto& a : set.annotations) objects.push_back({a.image_id, a.category_id, truths.at(a.entry)});
  return objects;
}

std::vector<OrientedDetection> oriented_detections(const Findings& findings) {
  std::vector<OrientedDetection> detections;
  for (std::size_t i = 0; i < findings.boxes.size(); ++i) {
    const auto& box = findings.boxes[i];
    detections.push_back({box.image_id, box.category_id, box.score, findings.oriented.at(i)});
  }
  return detections;
}

std::vector<double> oriented_curve_50(const CocoDataset& set, const std::vector<OrientedObject>& objects,
                                      const std::vector<OrientedDetection>& detections) {
  constexpr std::size_t kAt50 = 0;
  std::vector<double> sum(kPoints);
  double classes = 0;
  for (const auto& each : match_oriented(set, objects, detections)) {
    double count = 0;
    for (const auto& [image, of_image] : each.objects) count += static_cast<double>(of_image);
    if (count == 0) continue;
    ++classes;
    if (each.outcomes.empty()) continue;  // which counts 0
    const auto precisions = precisions_of(each.outcomes, kAt50, count, Weights(set.images.size(), 1));
    for (std::size_t k = 0; k < kPoints; ++k) sum[k] += precisions[k];
  }
  if (classes == 0) return {};
  for (double& value : sum) value /= classes;
  return sum;
}

std::vector<double> weighted_oriented(const CocoDataset& set, const std::vector<OrientedObject>& objects,
                                      const std::vector<OrientedDetection>& detections, const Weights& weights) {
  return means_of(measure_all(match_oriented(set, objects, detections), weights));
}

}  // namespace nibble

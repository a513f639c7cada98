// SPDX-License-Identifier: Apache-2.0
#include "eval/task_drift.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "data/run_lengths.h"
#include "eval/keypoint_map.h"
#include "eval/median.h"
#include "eval/pairing.h"
#include "eval/turned_box.h"

namespace nibble {
namespace {

std::vector<Detection> boxes_of(const std::vector<PredictedBox>& objects) {
  std::vector<Detection> boxes;
  for (const auto& object : objects) boxes.push_back({0, object.class_index, object.confidence, object.box_xywh_px});
  return boxes;
}

/// body(A's object, B's) for each object that both see.
template <class Body>
void for_each_pair(const ComparedImage& image, Body body) {
  for (const auto& pair : pair_detections(boxes_of(image.a), boxes_of(image.b)).pairs) {
    constexpr double kPaired = 0.5;
    const auto &a = image.a[pair.a], &b = image.b[pair.b];
    if (a.class_index == b.class_index && pair.iou >= kPaired) body(a, b);
  }
}

double mean_of(const std::vector<double>& values) {
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

template <class Condition>
double share_where(const std::vector<double>& values, Condition holds) {
  if (values.empty()) return 0;
  return static_cast<double>(std::count_if(values.begin(), values.end(), holds)) / static_cast<double>(values.size());
}

std::int64_t objects_of_a(const std::vector<ComparedImage>& images) {
  std::int64_t count = 0;
  for (const auto& image : images) count += static_cast<std::int64_t>(image.a.size());
  return count;
}

bool is_sure(const PredictedKeypoint& keypoint) {
  constexpr double kLeast = 0.25;
  return keypoint.confidence >= kLeast;
}

double area_of_box(const PredictedBox& object) { return object.box_xywh_px[2] * object.box_xywh_px[3]; }

double similarity_of(const PredictedBox& a, const PredictedBox& b) {
  constexpr double kShareOfBox = 0.53;
  CocoAnnotation truth;
  truth.box_xywh_px = a.box_xywh_px;
  truth.area_px2 = kShareOfBox * area_of_box(a);
  std::vector<Keypoint> wanted, found;
  for (const auto& point : a.keypoints) wanted.push_back({point.x_px, point.y_px, is_sure(point) ? 2.0 : 0.0});
  for (const auto& point : b.keypoints) found.push_back({point.x_px, point.y_px, point.confidence});
  return keypoint_similarity(truth, wanted, found, keypoint_constants(static_cast<std::int64_t>(a.keypoints.size())));
}

bool is_nearly_square(const TurnedBox& box) {
  constexpr double kWithin = 1.1;
  return std::max(box.width_px, box.height_px) <= kWithin * std::min(box.width_px, box.height_px);
}

/// Of the longer side, in degrees.
double direction_of(const TurnedBox& box) {
  const double degrees = box.angle * 180 / std::numbers::pi;
  return box.width_px >= box.height_px ? degrees : degrees + 90;
}

}  // namespace

double degrees_between(const TurnedBox& a, const TurnedBox& b) {
  const double turn = is_nearly_square(a) || is_nearly_square(b) ? 90 : 180;  // after which a box lies as before
  const double difference = std::fmod(std::abs(direction_of(a) - direction_of(b)), turn);
  return std::min(difference, turn - difference);
}

MaskDrift measure_masks(const std::vector<ComparedImage>& images) {
  constexpr double kLow = 0.75;
  std::vector<double> overlaps;
  for (const auto& image : images)
    for_each_pair(image, [&](const PredictedBox& a, const PredictedBox& b) {
      const auto mask = [&](const PredictedBox& object) { return runs_of_text(object.mask, image.size.height, image.size.width); };
      // A mask of single pixels of the network's input may have none in the image: two such masks are the same.
      overlaps.push_back(a.mask == b.mask ? 1 : overlap_of(mask(b), mask(a), false));
    });
  return {objects_of_a(images), static_cast<std::int64_t>(overlaps.size()), mean_of(overlaps),
          share_where(overlaps, [](double overlap) { return overlap < kLow; })};
}

KeypointDrift measure_keypoints(const std::vector<ComparedImage>& images) {
  std::vector<double> distances_px, shares, similarities;
  for (const auto& image : images)
    for_each_pair(image, [&](const PredictedBox& a, const PredictedBox& b) {
      if (std::none_of(a.keypoints.begin(), a.keypoints.end(), is_sure)) return;
      for (std::size_t k = 0; k < a.keypoints.size(); ++k) {
        if (!is_sure(a.keypoints[k])) continue;
        distances_px.push_back(std::hypot(a.keypoints[k].x_px - b.keypoints[k].x_px, a.keypoints[k].y_px - b.keypoints[k].y_px));
        shares.push_back(distances_px.back() / std::sqrt(area_of_box(a)));
      }
      similarities.push_back(similarity_of(a, b));
    });
  return {objects_of_a(images),  static_cast<std::int64_t>(similarities.size()),
          mean_of(distances_px), distances_px.empty() ? 0 : median_of(distances_px),
          mean_of(shares),       mean_of(similarities)};
}

AngleDrift measure_angles(const std::vector<ComparedImage>& images) {
  constexpr double kHighDegrees = 5;
  std::vector<double> degrees, overlaps;
  for (const auto& image : images)
    for_each_pair(image, [&](const PredictedBox& a, const PredictedBox& b) {
      degrees.push_back(degrees_between(*a.turned, *b.turned));
      overlaps.push_back(static_cast<double>(probabilistic_overlap(oriented_box(*a.turned), oriented_box(*b.turned))));
    });
  return {objects_of_a(images),
          static_cast<std::int64_t>(degrees.size()),
          mean_of(degrees),
          degrees.empty() ? 0 : median_of(degrees),
          share_where(degrees, [](double angle) { return angle > kHighDegrees; }),
          mean_of(overlaps)};
}

ClassDrift measure_classes(const std::vector<ComparedImage>& images, const std::map<std::int64_t, std::string>& class_names) {
  const auto name_of_class = [&](std::int64_t index) {
    const auto name = class_names.find(index);
    return name == class_names.end() ? std::to_string(index) : name->second;
  };
  ClassDrift drift;
  drift.images = static_cast<std::int64_t>(images.size());
  std::vector<double> changes;
  for (const auto& image : images) {
    const auto best_a = best_classes(image.a_probabilities).at(0), best_b = best_classes(image.b_probabilities).at(0);
    const auto a = static_cast<std::size_t>(best_a), b = static_cast<std::size_t>(best_b);
    changes.push_back(std::abs(image.b_probabilities.at(a) - image.a_probabilities[a]));
    if (best_a == best_b)
      ++drift.same_top_1;
    else
      drift.changed.push_back(
          {image.name, name_of_class(best_a), name_of_class(best_b), image.a_probabilities[a], image.b_probabilities[b]});
  }
  drift.mean_change = mean_of(changes);
  std::stable_sort(drift.changed.begin(), drift.changed.end(),
                   [](const auto& l, const auto& r) { return l.a_probability > r.a_probability; });
  return drift;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "eval/precision_curve.h"

#include <algorithm>
#include <array>

#include "eval/keypoint_map.h"
#include "eval/mask_map.h"
#include "eval/oriented_map.h"

namespace nibble {
namespace {

constexpr std::size_t kRecallPoints = 101;
using Curve = std::array<double, kRecallPoints>;

/// `found`: whether each detection that counts finds an object, best score first.
Curve curve_of(const std::vector<bool>& found, std::size_t objects) {
  std::vector<double> precision, recall;
  double finds = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    finds += found[i] ? 1 : 0;
    precision.push_back(finds / static_cast<double>(i + 1));
    recall.push_back(finds / static_cast<double>(objects));
  }
  for (std::size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
  Curve curve{};
  for (std::size_t r = 0; r < kRecallPoints; ++r) {
    const auto at = std::lower_bound(recall.begin(), recall.end(), static_cast<double>(r) * 0.01);
    if (at != recall.end()) curve[r] = precision[static_cast<std::size_t>(at - recall.begin())];
  }
  return curve;
}

}  // namespace

std::vector<double> precision_curve_50(const std::vector<coco::ClassOutcomes>& classes) {
  constexpr std::size_t kAll = 0, kAt50 = 0;
  const auto bit = coco::bit_of(kAll, kAt50);
  Curve sum{};
  int counted = 0;
  for (const auto& each : classes) {
    const auto objects = each.truths[kAll].size();
    if (objects == 0) continue;
    std::vector<bool> found;
    for (const auto& outcome : each.outcomes)
      if ((outcome.ignored & bit) == 0) found.push_back((outcome.found & bit) != 0);
    const auto curve = curve_of(found, objects);
    for (std::size_t r = 0; r < kRecallPoints; ++r) sum[r] += curve[r];
    ++counted;
  }
  if (counted == 0) return {};
  for (auto& value : sum) value /= counted;
  return {sum.begin(), sum.end()};
}

std::vector<double> precision_curve_50(const CocoDataset& dataset, const TaskTruth& truth, const Findings& findings, int threads) {
  switch (truth.task) {
    case Task::detect: return precision_curve_50(coco::match_classes(dataset, findings.boxes, threads));
    case Task::segment: return precision_curve_50(match_masks(dataset, truth.masks, findings.boxes, findings.masks, threads));
    case Task::pose:
      return precision_curve_50(match_keypoints(dataset, truth.poses, findings.boxes, findings.keypoints,
                                                keypoint_constants(keypoints_of(truth.poses, findings.keypoints)), threads));
    case Task::obb: return oriented_curve_50(dataset, oriented_objects(dataset, truth.oriented), oriented_detections(findings));
    case Task::classify: break;
  }
  return {};
}

}  // namespace nibble

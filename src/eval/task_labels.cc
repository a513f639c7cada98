// SPDX-License-Identifier: Apache-2.0
#include "eval/task_labels.h"

#include <map>

#include "eval/mask_map.h"

namespace nibble {
namespace {

constexpr double kPoseShareOfBox = 0.53;  // as ultralytics.models.yolo.pose.val counts

/// Positions of the best class of each image, by image id.
std::vector<std::size_t> first_classes(const std::vector<Detection>& classes) {
  std::map<std::int64_t, std::size_t> best;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto [place, is_new] = best.emplace(classes[i].image_id, i);
    if (!is_new && classes[i].score > classes[place->second].score) place->second = i;
  }
  std::vector<std::size_t> positions;
  for (const auto& [image, position] : best) positions.push_back(position);
  return positions;
}

std::vector<std::size_t> sure_ones(const std::vector<Detection>& detections, double confidence) {
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < detections.size(); ++i)
    if (detections[i].score >= confidence) positions.push_back(i);
  return positions;
}

Pose pose_of(const std::vector<Keypoint>& found) {
  Pose pose{static_cast<std::int64_t>(found.size()), found};
  for (auto& point : pose.keypoints) point.visibility = 2;
  return pose;
}

}  // namespace

TaskLabels label_by_findings(const CocoDataset& data, const Findings& findings, Task task, double confidence) {
  TaskLabels labels{{data.source, data.images, {}, data.categories}, {}};
  labels.truth.task = task;
  for (const auto i : task == Task::classify ? first_classes(findings.boxes) : sure_ones(findings.boxes, confidence)) {
    const Detection& found = findings.boxes[i];
    const std::size_t entry = labels.dataset.annotations.size();
    double area = found.box_xywh_px[2] * found.box_xywh_px[3];
    if (task == Task::segment) {
      labels.truth.masks.push_back(findings.masks.at(i));
      area = static_cast<double>(area_of(findings.masks[i]));
    } else if (task == Task::pose) {
      labels.truth.poses.push_back(pose_of(findings.keypoints.at(i)));
      area *= kPoseShareOfBox;
    } else if (task == Task::obb) {
      labels.truth.oriented.push_back(findings.oriented.at(i));
    }
    labels.dataset.annotations.push_back(
        {static_cast<std::int64_t>(entry) + 1, found.image_id, found.category_id, found.box_xywh_px, area, false, false, entry});
  }
  return labels;
}

}  // namespace nibble

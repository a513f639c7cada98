// SPDX-License-Identifier: Apache-2.0
// COCO person_keypoints_*.json: objects with the positions of their parts.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/coco.h"

namespace nibble {

/// One point: x and y in the image, and whether it is annotated at all (0: no, 1: hidden, 2: seen); of detections their confidence.
struct Keypoint {
  double x_px = 0, y_px = 0, visibility = 0;
};
struct PoseAnnotation {
  std::int64_t id = 0, image_id = 0, category_id = 0;
  std::array<double, 4> box_xywh_px{};
  double area_px2 = 0;
  bool is_crowd = false;
  std::int64_t annotated = 0;  ///< num_keypoints: those with a visibility above 0
  std::vector<Keypoint> keypoints;
};
struct PoseDataset {
  std::filesystem::path source;
  std::vector<CocoImage> images;            ///< ascending id
  std::vector<PoseAnnotation> annotations;  ///< file order
  std::vector<CocoCategory> categories;     ///< ascending id
};

/// As read_coco, and of each annotation `keypoints` (x, y, visibility of each of `count`) and num_keypoints (else counted). `max_images`
/// keeps the first so many by ascending id, 0: all. Errors as read_coco, also for another number of keypoints.
PoseDataset read_pose_dataset(const std::filesystem::path& json, std::int64_t count, std::int64_t max_images = 0);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The positions of objects' parts: COCO person_keypoints_*.json, and labels of YOLO pose data sets.
#pragma once
#include <cstdint>
#include <vector>

#include "data/object_reader.h"

namespace nibble {

/// One point: x and y in the image, and whether it is annotated at all (0: no, 1: hidden, 2: seen); of detections their confidence.
struct Keypoint {
  double x_px = 0, y_px = 0, visibility = 0;
};
/// What an annotation says of its object's parts.
struct Pose {
  std::int64_t annotated = 0;  ///< num_keypoints of COCO files, else those with a visibility above 0
  std::vector<Keypoint> keypoints;
};

/// Fills `poses` by CocoAnnotation::entry: of COCO files from `keypoints` (x, y, visibility of each of `count`) and num_keypoints, of a
/// data.yaml from labels "class cx cy w h", then x, y and perhaps a visibility of each of `count` keypoints, in fractions of the image.
/// Without visibilities a keypoint is annotated unless a number of it is negative, as in Ultralytics.
/// Error(input) for another number of keypoints. `poses` has to live as long as the reader is used.
ObjectReader keypoint_reader(std::vector<Pose>& poses, std::int64_t count);

}  // namespace nibble

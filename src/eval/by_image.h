// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "eval/detection.h"

namespace nibble {

using DetectionsByImage = std::map<std::int64_t, std::vector<Detection>>;

/// The detections of each image by its id, in the order in which they came. An image without detections is not in it.
inline DetectionsByImage by_image(const std::vector<Detection>& detections) {
  DetectionsByImage images;
  for (const auto& detection : detections) images[detection.image_id].push_back(detection);
  return images;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// From the output of a model of oriented boxes to detections in image pixels, as Ultralytics' validator does it.
#pragma once
#include <cstdint>
#include <vector>

#include "eval/detection.h"
#include "eval/oriented_box.h"

namespace nibble {

struct OrientedDetection {
  std::int64_t image_id = 0;
  std::int64_t category_id = 0;  ///< the class index, until it is mapped
  double score = 0;
  OrientedBox box;  ///< in pixels of the original image, not cut to it
};

/// Detections of image `index` of the batch. one2many: [B,4+nc+1,A], each box with every class above the confidence (with
/// options.best_class_only its best), suppressed class by class (suppress_oriented). one2one: [B,K,7], confidence only. Errors as
/// decode_output.
std::vector<OrientedDetection> decode_oriented(const Tensor& output, std::int64_t index, OutputKind kind, std::int64_t class_count,
                                               const Letterbox& letterbox, std::int64_t image_id, const DecodeOptions& options);

}  // namespace nibble

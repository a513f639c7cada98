// SPDX-License-Identifier: Apache-2.0
// Detections with the place in the output that they come from, for outputs with more behind each box (masks, keypoints, angles).
#pragma once
#include <cstdint>
#include <vector>

#include "eval/detection.h"

namespace nibble {

struct DecodedRow {
  Detection detection;
  std::int64_t row = 0;  ///< one2one: the output's row; else the anchor point, its column
};
/// As decode_output, which gives the same detections.
std::vector<DecodedRow> decode_rows(const Tensor& output, std::int64_t index, OutputKind kind, std::int64_t class_count,
                                    const std::vector<std::int64_t>& strides, const Letterbox& letterbox, std::int64_t image_id,
                                    const ImageSize& image_size, const DecodeOptions& options);

}  // namespace nibble

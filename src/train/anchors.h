// SPDX-License-Identifier: Apache-2.0
// The anchor points of a detection head: the centres of all cells of all strides, rows first, in the order of the raw output.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace nibble {

struct Anchors {
  at::Tensor points_px;  ///< f32 [A,2]: x, y in pixels of the input
  at::Tensor stride_px;  ///< f32 [A,1]: side of the cell
  std::vector<std::int64_t> strides_px;
  at::Tensor image_px;  ///< f32 [2]: width, height of the input
};

/// Error(usage) naming size and stride where a side is not a positive multiple of every stride.
/// Example: 16 x 8 (width, height) with stride 8: (4, 4), (12, 4).
Anchors make_anchors(std::int64_t height_px, std::int64_t width_px, const std::vector<std::int64_t>& strides_px, const at::Device& device);

}  // namespace nibble

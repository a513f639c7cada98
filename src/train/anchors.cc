// SPDX-License-Identifier: Apache-2.0
#include "train/anchors.h"

#include <fmt/format.h>

#include "nibble/error.h"

namespace nibble {

Anchors make_anchors(std::int64_t height_px, std::int64_t width_px, const std::vector<std::int64_t>& strides_px, const at::Device& device) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  std::vector<at::Tensor> points, strides;
  for (const std::int64_t stride : strides_px) {
    if (stride <= 0 || height_px <= 0 || width_px <= 0 || height_px % stride != 0 || width_px % stride != 0)
      throw Error(ErrorKind::usage, fmt::format("anchors: {} x {} pixels: no multiple of the stride {}; choose another image size",
                                                width_px, height_px, stride));
    const std::int64_t rows = height_px / stride, columns = width_px / stride;
    const at::Tensor x = (at::arange(columns, options) + 0.5).mul(stride).expand({rows, columns});
    const at::Tensor y = (at::arange(rows, options) + 0.5).mul(stride).unsqueeze(1).expand({rows, columns});
    points.push_back(at::stack({x, y}, -1).reshape({-1, 2}));
    strides.push_back(at::full({rows * columns, 1}, static_cast<float>(stride), options));
  }
  const at::Tensor image_px =
      at::stack({at::full({}, static_cast<float>(width_px), options), at::full({}, static_cast<float>(height_px), options)});
  return {at::cat(points), at::cat(strides), strides_px, image_px};
}

}  // namespace nibble

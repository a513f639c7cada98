// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/moments.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

namespace nibble {
namespace {

std::int64_t output_extent(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t padding, std::int64_t dilation) {
  return (input + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

}  // namespace

PatchMoments::PatchMoments(const op::Conv& conv, const std::vector<std::int64_t>& weight_shape)
    : conv_(conv), kernel_height_(weight_shape[2]), kernel_width_(weight_shape[3]) {
  const std::int64_t columns = weight_shape[1] * kernel_height_ * kernel_width_;
  sum_seen_ = at::zeros({conv.groups, columns});
  sum_wanted_ = at::zeros({conv.groups, columns});
  sum_hessian_ = at::zeros({conv.groups, columns, columns});
  sum_drift_ = at::zeros({conv.groups, columns, columns});
  sum_wanted_hessian_ = at::zeros({conv.groups, columns, columns});
}

at::Tensor PatchMoments::patches(const at::Tensor& x, const std::vector<std::int64_t>& positions) const {
  const at::Tensor dense = x.contiguous();
  const auto* pixels = dense.data_ptr<float>();
  const std::int64_t channels = x.size(1), rows = x.size(2), columns = x.size(3);
  const std::int64_t height = output_extent(rows, kernel_height_, conv_.stride[0], conv_.padding[0], conv_.dilation[0]);
  const std::int64_t width = output_extent(columns, kernel_width_, conv_.stride[1], conv_.padding[1], conv_.dilation[1]);
  const auto count = static_cast<std::int64_t>(positions.size());
  at::Tensor result = at::zeros({count, channels * kernel_height_ * kernel_width_});
  auto* out = result.data_ptr<float>();
  at::parallel_for(0, count, 64, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t batch = positions[i] / (height * width);
      const std::int64_t top = positions[i] / width % height * conv_.stride[0] - conv_.padding[0];
      const std::int64_t left = positions[i] % width * conv_.stride[1] - conv_.padding[1];
      float* patch = out + i * result.size(1);
      for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t ky = 0; ky < kernel_height_; ++ky)
          for (std::int64_t kx = 0; kx < kernel_width_; ++kx, ++patch) {
            const std::int64_t row = top + ky * conv_.dilation[0], column = left + kx * conv_.dilation[1];
            if (row >= 0 && row < rows && column >= 0 && column < columns)
              *patch = pixels[((batch * channels + c) * rows + row) * columns + column];
          }
    }
  });
  return result.reshape({count, conv_.groups, -1});
}

std::int64_t PatchMoments::positions_of(const at::Tensor& input) const {
  const std::int64_t height = output_extent(input.size(2), kernel_height_, conv_.stride[0], conv_.padding[0], conv_.dilation[0]);
  const std::int64_t width = output_extent(input.size(3), kernel_width_, conv_.stride[1], conv_.padding[1], conv_.dilation[1]);
  return input.size(0) * height * width;
}

void PatchMoments::add(const at::Tensor& seen, const at::Tensor& wanted, const std::vector<std::int64_t>& positions) {
  const at::Tensor x = patches(seen, positions);
  const at::Tensor by_sample = x.permute({1, 0, 2});  // [G,n,K]
  const auto add_products = [](at::Tensor& sum, const at::Tensor& a, const at::Tensor& b) { sum.baddbmm_(a.permute({1, 2, 0}), b); };
  add_products(sum_hessian_, x, by_sample);
  sum_seen_ += x.sum(0);
  if (seen.is_same(wanted)) {
    add_products(sum_wanted_hessian_, x, by_sample);
    sum_wanted_ += x.sum(0);
  } else {
    const at::Tensor y = patches(wanted, positions);
    add_products(sum_wanted_hessian_, y, y.permute({1, 0, 2}));
    add_products(sum_drift_, y - x, by_sample);
    sum_wanted_ += y.sum(0);
  }
  samples_ += static_cast<std::int64_t>(positions.size());
}

at::Tensor PatchMoments::mean_seen() const { return sum_seen_ / static_cast<double>(samples_); }

at::Tensor PatchMoments::mean_wanted() const { return sum_wanted_ / static_cast<double>(samples_); }

namespace {

at::Tensor centred_products(const at::Tensor& sum, double samples, const at::Tensor& mean_a, const at::Tensor& mean_b, bool centred) {
  const at::Tensor raw = sum / samples;
  return centred ? raw - mean_a.unsqueeze(2) * mean_b.unsqueeze(1) : raw;
}

}  // namespace

at::Tensor PatchMoments::hessian(bool centred) const {
  return centred_products(sum_hessian_, static_cast<double>(samples_), mean_seen(), mean_seen(), centred);
}

at::Tensor PatchMoments::drift(bool centred) const {
  return centred_products(sum_drift_, static_cast<double>(samples_), mean_wanted() - mean_seen(), mean_seen(), centred);
}

at::Tensor PatchMoments::wanted_hessian(bool centred) const {
  return centred_products(sum_wanted_hessian_, static_cast<double>(samples_), mean_wanted(), mean_wanted(), centred);
}

}  // namespace nibble

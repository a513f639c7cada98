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

/// sum += x^T x for x [G,n,K] and sum [G,K,K], which is symmetric: what lies on and below its diagonal, in strips of columns.
void add_gram(at::Tensor& sum, const at::Tensor& x) {
  constexpr std::int64_t kStrip = 384;
  const std::int64_t columns = x.size(2);
  const at::Tensor transposed = x.transpose(1, 2);
  for (std::int64_t first = 0; first < columns; first += kStrip) {
    const std::int64_t last = std::min(first + kStrip, columns);
    sum.slice(1, first).slice(2, first, last).baddbmm_(transposed.slice(1, first), x.slice(2, first, last));
  }
}

/// The whole of a symmetric matrix of which the part below the diagonal is given.
at::Tensor mirrored(const at::Tensor& lower) { return lower.tril() + lower.tril(-1).transpose(1, 2); }

}  // namespace

PatchMoments::PatchMoments(const op::Conv& conv, const at::Tensor& weight)
    : conv_(conv),
      kernel_height_(weight.size(2)),
      kernel_width_(weight.size(3)),
      rows_(weight.permute({0, 2, 3, 1}).reshape({conv.groups, weight.size(0) / conv.groups, -1})) {
  const std::int64_t columns = rows_.size(2);
  sum_seen_ = at::zeros({conv.groups, columns});
  sum_wanted_ = at::zeros({conv.groups, columns});
  sum_drift_ = at::zeros_like(rows_);
  sum_hessian_ = at::zeros({conv.groups, columns, columns});
  sum_power_ = at::zeros({conv.groups, rows_.size(1)}, at::kDouble);
  sum_inherited_ = at::zeros_like(sum_power_);
}

at::Tensor PatchMoments::patches(const at::Tensor& x, const std::vector<std::int64_t>& positions) const {
  const at::Tensor by_pixel = x.stride(1) == 1 ? x : x.contiguous(at::MemoryFormat::ChannelsLast);  // a pixel's channels side by side
  const auto* pixels = by_pixel.data_ptr<float>();
  const std::int64_t channels = x.size(1), rows = x.size(2), columns = x.size(3);
  const std::int64_t height = output_extent(rows, kernel_height_, conv_.stride[0], conv_.padding[0], conv_.dilation[0]);
  const std::int64_t width = output_extent(columns, kernel_width_, conv_.stride[1], conv_.padding[1], conv_.dilation[1]);
  const auto count = static_cast<std::int64_t>(positions.size());
  const std::int64_t group_channels = channels / conv_.groups, patch_size = rows_.size(2), group_size = count * patch_size;
  const std::int64_t image_step = by_pixel.stride(0), row_step = by_pixel.stride(2), column_step = by_pixel.stride(3);
  at::Tensor result = at::zeros({conv_.groups, count, patch_size});
  auto* out = result.data_ptr<float>();
  constexpr std::int64_t kOfALine = 16;  // groups, so that what is read of a pixel stays in the cache until all is written
  at::parallel_for(0, count, 64, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t begin = 0; begin < conv_.groups; begin += kOfALine) {
      const std::int64_t end = std::min(begin + kOfALine, conv_.groups);
      for (std::int64_t i = first; i < last; ++i) {
        const std::int64_t batch = positions[i] / (height * width);
        const std::int64_t top = positions[i] / width % height * conv_.stride[0] - conv_.padding[0];
        const std::int64_t left = positions[i] % width * conv_.stride[1] - conv_.padding[1];
        float* patch = out + i * patch_size;
        for (std::int64_t ky = 0; ky < kernel_height_; ++ky)
          for (std::int64_t kx = 0; kx < kernel_width_; ++kx, patch += group_channels) {
            const std::int64_t row = top + ky * conv_.dilation[0], column = left + kx * conv_.dilation[1];
            if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
            const float* pixel = pixels + batch * image_step + row * row_step + column * column_step;
            if (group_channels == 1)
              for (std::int64_t g = begin; g < end; ++g) patch[g * group_size] = pixel[g];
            else
              for (std::int64_t g = begin; g < end; ++g) std::copy_n(pixel + g * group_channels, group_channels, patch + g * group_size);
          }
      }
    }
  });
  return result;
}

at::Tensor PatchMoments::as_weights(const at::Tensor& by_pixel) const {
  const std::int64_t kernel = kernel_height_ * kernel_width_;
  return by_pixel.unflatten(-1, {kernel, by_pixel.size(-1) / kernel}).transpose(-1, -2).flatten(-2);
}

std::int64_t PatchMoments::positions_of(const at::Tensor& input) const {
  const std::int64_t height = output_extent(input.size(2), kernel_height_, conv_.stride[0], conv_.padding[0], conv_.dilation[0]);
  const std::int64_t width = output_extent(input.size(3), kernel_width_, conv_.stride[1], conv_.padding[1], conv_.dilation[1]);
  return input.size(0) * height * width;
}

void PatchMoments::add(const at::Tensor& seen, const at::Tensor& wanted, const std::vector<std::int64_t>& positions) {
  const auto outputs_at = [&](const at::Tensor& inputs) { return at::matmul(inputs, rows_.transpose(1, 2)); };  // [G,n,O/G]
  const auto add_squares = [](at::Tensor& sum, const at::Tensor& values) { sum += values.square().sum(1, false, at::kDouble); };
  const at::Tensor x = patches(seen, positions);
  add_gram(sum_hessian_, x);
  sum_seen_ += x.sum(1);
  const bool is_same = seen.is_same(wanted);
  const at::Tensor y = is_same ? x : patches(wanted, positions);
  const at::Tensor outputs = outputs_at(y);
  sum_wanted_ += y.sum(1);
  add_squares(sum_power_, outputs);
  if (!is_same) {
    const at::Tensor errors = outputs_at(y - x);
    add_squares(sum_inherited_, errors);
    sum_drift_.baddbmm_(errors.transpose(1, 2), x);
  }
  samples_ += static_cast<std::int64_t>(positions.size());
}

at::Tensor PatchMoments::mean_of(const at::Tensor& sum) const { return sum / static_cast<double>(samples_); }

at::Tensor PatchMoments::mean_seen() const { return as_weights(mean_of(sum_seen_)); }

at::Tensor PatchMoments::mean_wanted() const { return as_weights(mean_of(sum_wanted_)); }

at::Tensor PatchMoments::square_seen() const { return as_weights(mean_of(sum_hessian_.diagonal(0, 1, 2))); }

at::Tensor PatchMoments::outputs_of(const at::Tensor& means) const { return at::matmul(rows_, means.unsqueeze(2)).squeeze(2); }

at::Tensor PatchMoments::hessian(bool centred) const {
  const at::Tensor raw = as_weights(as_weights(mirrored(mean_of(sum_hessian_))).transpose(1, 2)), mean = mean_seen();
  return centred ? raw - mean.unsqueeze(2) * mean.unsqueeze(1) : raw;
}

at::Tensor PatchMoments::drift(bool centred) const {
  const at::Tensor raw = mean_of(sum_drift_), mean = mean_of(sum_seen_);
  return as_weights(centred ? raw - outputs_of(mean_of(sum_wanted_) - mean).unsqueeze(2) * mean.unsqueeze(1) : raw);
}

at::Tensor PatchMoments::power(bool centred) const {
  const at::Tensor raw = mean_of(sum_power_).to(at::kFloat);
  return centred ? raw - outputs_of(mean_of(sum_wanted_)).square() : raw;
}

at::Tensor PatchMoments::inherited(bool centred) const {
  const at::Tensor raw = mean_of(sum_inherited_).to(at::kFloat);
  return centred ? raw - outputs_of(mean_of(sum_wanted_ - sum_seen_)).square() : raw;
}

}  // namespace nibble

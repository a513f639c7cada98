// SPDX-License-Identifier: Apache-2.0
#include "exec/straight_through.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "exec/fake_quant.h"

namespace nibble {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kGrain = 1 << 15;

struct Range {
  float low, high;  // codes less the zero point
};

/// Same layout for all: elementwise loops run over the memory in order.
at::Tensor laid_out_as(const at::Tensor& tensor, const at::Tensor& like) {
  return tensor.strides() == like.strides() ? tensor : at::empty_like(like).copy_(tensor);
}

at::Tensor dense(const at::Tensor& x) { return x.is_non_overlapping_and_dense() ? x : x.contiguous(); }

/// The loops below in the CPU's memory.
struct FakeQuantize : torch::autograd::Function<FakeQuantize> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& scale, double low, double high) {
    const at::Tensor x = dense(input);
    at::Tensor y = at::empty_like(x);
    const auto* from = x.data_ptr<float>();
    auto* to = y.data_ptr<float>();
    const Range range{static_cast<float>(low), static_cast<float>(high)};
    const float step = scale.item<float>();
    at::parallel_for(0, x.numel(), kGrain, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) to[i] = round_half_even(std::min(std::max(from[i] / step, range.low), range.high)) * step;
    });
    context->save_for_backward({x, scale});
    context->saved_data["low"] = low;
    context->saved_data["high"] = high;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const float step = saved[1].item<float>();
    const Range range{static_cast<float>(context->saved_data["low"].toDouble()),
                      static_cast<float>(context->saved_data["high"].toDouble())};
    const at::Tensor g = laid_out_as(gradients[0], x);
    at::Tensor to_x = at::empty_like(x);
    const auto* from = x.data_ptr<float>();
    const auto* upper = g.data_ptr<float>();
    auto* lower = to_x.data_ptr<float>();
    const std::int64_t pieces = (x.numel() + kGrain - 1) / kGrain;  // fixed pieces: the same sum whatever the number of threads
    std::vector<double> sums(static_cast<std::size_t>(pieces));
    at::parallel_for(0, pieces, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t piece = first; piece < last; ++piece) {
        float sum = 0;
        const std::int64_t end = std::min(x.numel(), (piece + 1) * kGrain);
        for (std::int64_t i = piece * kGrain; i < end; ++i) {
          const float z = from[i] / step;
          const float clamped = std::min(std::max(z, range.low), range.high);
          const bool inside = z == clamped;
          lower[i] = inside ? upper[i] : 0.0F;
          sum += upper[i] * (round_half_even(clamped) - (inside ? z : 0.0F));
        }
        sums[piece] = sum;
      }
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return {to_x, at::scalar_tensor(total, x.options()), at::Tensor(), at::Tensor()};
  }
};

/// No number of them is read back, so that a GPU need not be waited for.
struct FakeQuantizeByOperators : torch::autograd::Function<FakeQuantizeByOperators> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& scale, double low, double high) {
    context->save_for_backward({x, scale});
    context->saved_data["low"] = low;
    context->saved_data["high"] = high;
    return (x / scale).clamp_(low, high).round_().mul_(scale);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor z = saved[0] / saved[1];
    const at::Tensor clamped = z.clamp(context->saved_data["low"].toDouble(), context->saved_data["high"].toDouble());
    const at::Tensor inside = z.eq(clamped).to(z.scalar_type());
    const at::Tensor& g = gradients[0];
    return {g * inside, (g * (clamped.round() - z * inside)).sum(), at::Tensor(), at::Tensor()};
  }
};

struct Ends {
  double low, high;  // codes less the zero point
};

Ends ends_of(const QuantSpec& spec, std::int32_t zero_point) {
  return {static_cast<double>(spec.min_code() - zero_point), static_cast<double>(spec.max_code() - zero_point)};
}

}  // namespace

at::Tensor round_straight_through(const at::Tensor& latent, const QuantSpec& spec) {
  const at::Tensor codes = at::clamp(at::round(latent.detach()), spec.min_code(), spec.max_code());
  return codes + (latent - latent.detach());  // exactly the codes, with latent's gradient
}

at::Tensor fake_quantize_straight_through(const at::Tensor& x, const at::Tensor& scale, std::int32_t zero_point, const QuantSpec& spec) {
  if (!x.is_cpu()) return fake_quantize_by_operators(x, scale, zero_point, spec);
  const Ends ends = ends_of(spec, zero_point);
  return FakeQuantize::apply(x, scale, ends.low, ends.high);
}

at::Tensor fake_quantize_by_operators(const at::Tensor& x, const at::Tensor& scale, std::int32_t zero_point, const QuantSpec& spec) {
  const Ends ends = ends_of(spec, zero_point);
  return FakeQuantizeByOperators::apply(x, scale, ends.low, ends.high);
}

}  // namespace nibble

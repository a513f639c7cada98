// SPDX-License-Identifier: Apache-2.0
#include "exec/fake_quant.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "exec/convert.h"
#include "nibble/error.h"

namespace nibble {
namespace {

at::Tensor broadcast_to(const Tensor& parameter, const QuantSpec& spec, const at::Tensor& x) {
  return broadcast_scale(to_torch(parameter).to(x.device(), at::kFloat), spec, x);
}

/// The same numbers as by operators, in one pass through memory.
at::Tensor fake_quantize_in_one_pass(const at::Tensor& given, const QuantParams& params) {
  const at::Tensor x = given.is_non_overlapping_and_dense() ? given : given.contiguous();
  at::Tensor y = at::empty_like(x);
  const auto* from = x.data_ptr<float>();
  auto* to = y.data_ptr<float>();
  const float scale = params.scale.as<float>()[0];
  const auto zero_point = to_torch(params.zero_point).item<int>();
  const auto low = static_cast<float>(params.spec.min_code() - zero_point), high = static_cast<float>(params.spec.max_code() - zero_point);
  at::parallel_for(0, x.numel(), 1 << 15, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) to[i] = round_half_even(std::min(std::max(from[i] / scale, low), high)) * scale;
  });
  return y;
}

}  // namespace

at::Tensor broadcast_scale(const at::Tensor& values, const QuantSpec& spec, const at::Tensor& x) {
  switch (spec.granularity) {
    case Granularity::tensor: return values;
    case Granularity::channel: {
      std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
      shape[0] = -1;
      return values.reshape(shape);
    }
    case Granularity::block: return values.repeat_interleave(spec.block, 1).slice(1, 0, x.size(1));
  }
  throw Error(ErrorKind::internal, "fake_quant: unknown granularity");
}

at::Tensor quantize(const at::Tensor& x, const QuantParams& params) {
  const at::Tensor scale = broadcast_to(params.scale, params.spec, x);
  const at::Tensor zero_point = broadcast_to(params.zero_point, params.spec, x);
  return at::clamp(at::round(x / scale) + zero_point, params.spec.min_code(), params.spec.max_code());
}

at::Tensor dequantize(const at::Tensor& codes, const QuantParams& params) {
  const at::Tensor scale = broadcast_to(params.scale, params.spec, codes);
  const at::Tensor zero_point = broadcast_to(params.zero_point, params.spec, codes);
  return (codes.to(at::kFloat) - zero_point) * scale;
}

at::Tensor fake_quantize(const at::Tensor& x, const QuantParams& params) {
  const bool is_plain = x.is_cpu() && x.scalar_type() == at::kFloat && !(x.requires_grad() && at::GradMode::is_enabled());
  if (is_plain && params.spec.granularity == Granularity::tensor) return fake_quantize_in_one_pass(x, params);
  return dequantize(quantize(x, params), params);
}

}  // namespace nibble

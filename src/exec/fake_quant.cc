// SPDX-License-Identifier: Apache-2.0
#include "exec/fake_quant.h"

#include "exec/convert.h"
#include "nibble/error.h"

namespace nibble {
namespace {

at::Tensor broadcast_to(const Tensor& parameter, const QuantSpec& spec, const at::Tensor& x) {
  return broadcast_scale(to_torch(parameter).to(x.device(), at::kFloat), spec, x);
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

at::Tensor fake_quantize(const at::Tensor& x, const QuantParams& params) { return dequantize(quantize(x, params), params); }

}  // namespace nibble

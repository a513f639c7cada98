// SPDX-License-Identifier: Apache-2.0
// The one definition of rounding in LibTorch, equal to ONNX QuantizeLinear / DequantizeLinear (operator set 13):
//   code = saturate(round_half_even(x / scale) + zero_point),   x' = (code - zero_point) * scale.
// Example: scale 0.5, 4 bits signed, zero point 0: 1.25 -> 2 -> 1.0;  1.75 -> 4 -> 2.0;  9.0 -> 7 -> 3.5.
#pragma once
#include <ATen/ATen.h>

#include "graph/quant_params.h"

namespace nibble {

/// To the nearest whole number, half to even, for |x| < 2^22, by adding and taking away 1.5 * 2^23: clamped codes are far smaller. Unlike
/// nearbyint it needs no instruction beyond the baseline's, so that loops over it are vectorised.
inline float round_half_even(float x) {
  constexpr float kRounder = 12582912.0F;
  return (x + kRounder) - kRounder;
}

/// Brings scales or zero points of `spec`'s granularity, shaped [], [O] or [O,ceil(I/block),kh,kw], into a shape that broadcasts against
/// x [O,I,kh,kw].
at::Tensor broadcast_scale(const at::Tensor& values, const QuantSpec& spec, const at::Tensor& x);
/// The codes of x as floats: whole numbers in min_code..max_code; NaN stays NaN.
at::Tensor quantize(const at::Tensor& x, const QuantParams& params);
/// The numbers that codes of any dtype stand for, as f32.
at::Tensor dequantize(const at::Tensor& codes, const QuantParams& params);
/// dequantize(quantize(x)).
at::Tensor fake_quantize(const at::Tensor& x, const QuantParams& params);

}  // namespace nibble

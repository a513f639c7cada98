// SPDX-License-Identifier: Apache-2.0
// Rounding that gradients pass through (straight-through estimator, Bengio et al. 2013), forward equal to exec/fake_quant.h.
#pragma once
#include <ATen/ATen.h>

#include "graph/quant_params.h"

namespace nibble {

/// Codes of `latent` (in steps of the scale, zero point included) as float values: round half to even, saturate. d code / d latent = 1.
at::Tensor round_straight_through(const at::Tensor& latent, const QuantSpec& spec);

/// dequantize(quantize(x)) with a scalar `scale` (f32, positive) and a fixed zero point. Gradients (LSQ, Esser et al. 2020,
/// equation 3; z = x / scale, code without zero point):
///   d/dx = 1 inside the range, 0 where x saturates;   d/dscale = code - z inside, code where x saturates.
at::Tensor fake_quantize_straight_through(const at::Tensor& x, const at::Tensor& scale, std::int32_t zero_point, const QuantSpec& spec);

/// The same, computed by LibTorch's operators instead of loops over the CPU's memory: what the function above uses for tensors on other
/// devices.
at::Tensor fake_quantize_by_operators(const at::Tensor& x, const at::Tensor& scale, std::int32_t zero_point, const QuantSpec& spec);

}  // namespace nibble

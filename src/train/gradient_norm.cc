// SPDX-License-Identifier: Apache-2.0
#include "train/gradient_norm.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <cmath>

#include "nibble/error.h"

namespace nibble {

double gradient_norm(const std::vector<at::Tensor>& parameters) {
  const at::NoGradGuard no_gradients;
  at::Tensor sum;  // on the parameters' device, so that the device is waited for once
  for (const auto& parameter : parameters) {
    if (!parameter.grad().defined()) continue;
    const at::Tensor squares = parameter.grad().to(at::kDouble).square().sum();
    sum = sum.defined() ? sum + squares : squares;
  }
  return sum.defined() ? std::sqrt(sum.item<double>()) : 0;
}

double clip_gradient_norm(const std::vector<at::Tensor>& parameters, double max_norm) {
  constexpr double kEpsilon = 1e-6;  // PyTorch's
  if (!(max_norm > 0)) throw Error(ErrorKind::usage, fmt::format("gradient clipping: {} makes no sense; give a positive number", max_norm));
  const double norm = gradient_norm(parameters);
  const double factor = max_norm / (norm + kEpsilon);
  if (!std::isfinite(norm) || factor >= 1) return norm;
  const at::NoGradGuard no_gradients;
  for (const auto& parameter : parameters)
    if (parameter.grad().defined()) parameter.grad().mul_(factor);
  return norm;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "train/adam.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <cmath>

#include "nibble/error.h"

namespace nibble {

Adam::Adam(std::vector<at::Tensor> parameters, const AdamOptions& options) : options_(options), parameters_(std::move(parameters)) {
  for (const double beta : {options.beta1, options.beta2})
    if (!(beta >= 0 && beta < 1)) throw Error(ErrorKind::usage, fmt::format("adam: beta: {} makes no sense; give 0 to below 1", beta));
  if (!(options.epsilon > 0))
    throw Error(ErrorKind::usage, fmt::format("adam: epsilon: {} makes no sense; give a positive number", options.epsilon));
  for (const auto& parameter : parameters_) {
    means_.push_back(at::zeros_like(parameter.detach()));
    squares_.push_back(at::zeros_like(parameter.detach()));
  }
}

void Adam::step(const std::vector<double>& rates) {
  if (rates.size() != parameters_.size())
    throw Error(ErrorKind::internal, fmt::format("adam: {} rates for {} parameters", rates.size(), parameters_.size()));
  const at::NoGradGuard no_gradients;
  ++updates_;
  const auto t = static_cast<double>(updates_);
  const double mean_part = 1 - std::pow(options_.beta1, t), root_of_square_part = std::sqrt(1 - std::pow(options_.beta2, t));
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor& gradient = parameters_[i].grad();
    if (!gradient.defined() || rates[i] == 0) continue;
    means_[i].mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
    squares_[i].mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
    const at::Tensor root = squares_[i].sqrt().div_(root_of_square_part).add_(options_.epsilon);
    parameters_[i].addcdiv_(means_[i], root, -rates[i] / mean_part);
  }
}

void Adam::clear_gradients() {
  for (const auto& parameter : parameters_) parameter.mutable_grad().reset();
}

std::vector<at::Tensor> Adam::moments() const {
  std::vector<at::Tensor> all = means_;
  all.insert(all.end(), squares_.begin(), squares_.end());
  return all;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "train/weight_average.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <cmath>

#include "nibble/error.h"

namespace nibble {

WeightAverage::WeightAverage(const std::vector<at::Tensor>& weights, const AverageOptions& options) : options_(options) {
  if (!(options.decay >= 0 && options.decay < 1))
    throw Error(ErrorKind::usage, fmt::format("weight average: decay: {} makes no sense; give 0 to below 1", options.decay));
  if (!(options.ramp_steps > 0))
    throw Error(ErrorKind::usage, fmt::format("weight average: ramp: {} steps make no sense; give a positive number", options.ramp_steps));
  for (const auto& weight : weights) averages_.push_back(weight.detach().clone());
}

double WeightAverage::decay_of_next_update() const {
  return options_.decay * -std::expm1(-static_cast<double>(updates_ + 1) / options_.ramp_steps);
}

void WeightAverage::update(const std::vector<at::Tensor>& weights) {
  require_same_shapes(weights);
  const at::NoGradGuard no_gradients;
  const double decay = decay_of_next_update();
  for (std::size_t i = 0; i < weights.size(); ++i) averages_[i].mul_(decay).add_(weights[i].detach(), 1 - decay);
  ++updates_;
}

void WeightAverage::restore(const std::vector<at::Tensor>& averages, std::int64_t updates) {
  require_same_shapes(averages);
  const at::NoGradGuard no_gradients;
  for (std::size_t i = 0; i < averages.size(); ++i) averages_[i].copy_(averages[i]);
  updates_ = updates;
}

void WeightAverage::require_same_shapes(const std::vector<at::Tensor>& tensors) const {
  if (tensors.size() != averages_.size())
    throw Error(ErrorKind::internal, fmt::format("weight average: {} tensors given where there are {}", tensors.size(), averages_.size()));
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (tensors[i].sizes() != averages_[i].sizes())
      throw Error(ErrorKind::internal, fmt::format("weight average: tensor {}: another shape", i));
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Exponential moving average of weights. It is smoother than the weights of the last step, and it is what is scored and exported.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "train/fit_options.h"

namespace nibble {

/// average := d * average + (1 - d) * weight,  d = decay * (1 - exp(-n / ramp_steps)), n the number of updates including this
/// one (as Ultralytics' ModelEMA). Nothing here is part of the autograd graph.
class WeightAverage {
 public:
  /// Starts at a copy of `weights` (floating point, any device). Error(usage) for options out of range.
  WeightAverage(const std::vector<at::Tensor>& weights, const AverageOptions& options);

  /// `weights`: the same list as at the start. Error(internal) where number or shapes differ.
  void update(const std::vector<at::Tensor>& weights);
  double decay_of_next_update() const;

  const std::vector<at::Tensor>& averages() const { return averages_; }
  std::int64_t updates() const { return updates_; }
  /// Goes on from earlier values of averages() and updates(). Error(internal) where number or shapes differ.
  void restore(const std::vector<at::Tensor>& averages, std::int64_t updates);

 private:
  void require_same_shapes(const std::vector<at::Tensor>& tensors) const;

  AverageOptions options_;
  std::vector<at::Tensor> averages_;
  std::int64_t updates_ = 0;
};

}  // namespace nibble

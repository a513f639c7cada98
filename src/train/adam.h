// SPDX-License-Identifier: Apache-2.0
// Adam (Kingma, Ba 2015) with a state that can be written down. The numbers of torch::optim::Adam without weight decay.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "train/fit_options.h"

namespace nibble {

/// m := b1 m + (1 - b1) g,  v := b2 v + (1 - b2) g^2,  w := w - rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon).
class Adam {
 public:
  /// `parameters` are leaf tensors of any floating type and device. They are not copied: step() changes the caller's tensors. Error(usage)
  /// for options out of range.
  Adam(std::vector<at::Tensor> parameters, const AdamOptions& options);

  /// Makes one update from the parameters' gradients. `rates` has a learning rate for each parameter. A parameter without a gradient, or
  /// with a rate of 0, stays as it is. Error(internal) for another number of rates.
  void step(const std::vector<double>& rates);
  void clear_gradients();

  std::int64_t updates() const { return updates_; }
  void set_updates(std::int64_t updates) { updates_ = updates; }
  /// The moving means m of all parameters, then the means v of all, each in the parameters' order. They are the optimiser's own tensors: a
  /// snapshot keeps their values, and resuming copies values into them.
  std::vector<at::Tensor> moments() const;
  const std::vector<at::Tensor>& parameters() const { return parameters_; }

 private:
  AdamOptions options_;
  std::vector<at::Tensor> parameters_, means_, squares_;
  std::int64_t updates_ = 0;
};

}  // namespace nibble

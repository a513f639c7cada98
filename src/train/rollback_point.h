// SPDX-License-Identifier: Apache-2.0
// Copies of everything an update changes (weights, scales, moments of the optimiser), to go back to after a divergence.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace nibble {

class RollbackPoint {
 public:
  /// `tensors` are kept by reference and stay the caller's; the point is taken now, as of `step`.
  RollbackPoint(std::vector<at::Tensor> tensors, std::int64_t step);

  /// Moves the point here: the tensors' values now, which the caller knows to be good.
  void keep(std::int64_t step);
  /// Writes the kept values back into the tensors, in place, and returns the step they are of.
  std::int64_t restore() const;
  std::int64_t step() const { return step_; }

 private:
  std::vector<at::Tensor> tensors_, kept_;
  std::int64_t step_;
};

}  // namespace nibble

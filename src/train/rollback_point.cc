// SPDX-License-Identifier: Apache-2.0
#include "train/rollback_point.h"

#include <ATen/core/grad_mode.h>

namespace nibble {

RollbackPoint::RollbackPoint(std::vector<at::Tensor> tensors, std::int64_t step) : tensors_(std::move(tensors)), step_(step) {
  for (const auto& tensor : tensors_) kept_.push_back(tensor.detach().clone());
}

void RollbackPoint::keep(std::int64_t step) {
  const at::NoGradGuard no_gradients;
  for (std::size_t i = 0; i < tensors_.size(); ++i) kept_[i].copy_(tensors_[i]);
  step_ = step;
}

std::int64_t RollbackPoint::restore() const {
  const at::NoGradGuard no_gradients;
  for (std::size_t i = 0; i < tensors_.size(); ++i) at::Tensor(tensors_[i]).copy_(kept_[i]);
  return step_;
}

}  // namespace nibble

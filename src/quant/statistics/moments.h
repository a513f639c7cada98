// SPDX-License-Identifier: Apache-2.0
// Second moments of the patches of input that a convolution sees. They decide which errors of its weights matter.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "graph/op.h"

namespace nibble {

/// Sums, over sampled output positions, of patches x' that the quantised layer sees and patches x that the float layer sees at the same
/// positions, and of what the float weights w make of them. G is the number of groups, O the number of output channels, K = input channels
/// per group x kernel height x kernel width. All tensors are f32 on the CPU.
class PatchMoments {
 public:
  /// `weight` [O, I/groups, kh, kw]: w.
  PatchMoments(const op::Conv& conv, const at::Tensor& weight);

  /// How many output positions there are for an input [B,I,H,W]: B x H' x W'.
  std::int64_t positions_of(const at::Tensor& input) const;
  /// Adds output positions of a batch, indices into [B,H',W']. `seen` and `wanted` [B,I,H,W] may be the same tensor.
  void add(const at::Tensor& seen, const at::Tensor& wanted, const std::vector<std::int64_t>& positions);

  // With `centred`, of what is left of x, x' and x - x' without their means: the right measure where the bias is refitted too.
  at::Tensor mean_seen() const;              ///< E[x'], [G,K]
  at::Tensor mean_wanted() const;            ///< E[x], [G,K]
  at::Tensor square_seen() const;            ///< E[x'^2], [G,K]
  at::Tensor hessian(bool centred) const;    ///< E[x' x'^T], [G,K,K]
  at::Tensor drift(bool centred) const;      ///< E[w (x - x') x'^T], [G,O/G,K]: how the output's error correlates with the input
  at::Tensor power(bool centred) const;      ///< E[(w x)^2], [G,O/G]
  at::Tensor inherited(bool centred) const;  ///< E[(w (x - x'))^2], [G,O/G]: the error that the input alone brings to the output

 private:
  // Inside, the K inputs stand as they lie in memory with channels last: pixel by pixel of the kernel, and of each its channels.
  at::Tensor patches(const at::Tensor& x, const std::vector<std::int64_t>& positions) const;  // [G,n,K]
  at::Tensor outputs_of(const at::Tensor& means) const;                                       // [G,K] -> [G,O/G]
  at::Tensor mean_of(const at::Tensor& sum) const;
  at::Tensor as_weights(const at::Tensor& by_pixel) const;  // the last dimension in the order of weights: channel by channel

  op::Conv conv_;
  std::int64_t kernel_height_, kernel_width_;
  at::Tensor rows_;  // [G,O/G,K]
  std::int64_t samples_ = 0;
  at::Tensor sum_seen_, sum_wanted_, sum_drift_;
  at::Tensor sum_hessian_;                // only what is on and below the diagonal, and some above it
  at::Tensor sum_power_, sum_inherited_;  // f64
};

}  // namespace nibble

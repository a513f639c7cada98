// SPDX-License-Identifier: Apache-2.0
// Second moments of the patches of input that a convolution sees. They decide which errors of its weights matter.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "graph/op.h"

namespace nibble {

/// Sums, over sampled output positions, of patches x' that the quantised layer sees and patches x that the float layer sees at the same
/// positions. G is the number of groups, K = input channels per group x kernel height x kernel width. All tensors are f32.
class PatchMoments {
 public:
  /// `weight_shape` [O, I/groups, kh, kw].
  PatchMoments(const op::Conv& conv, const std::vector<std::int64_t>& weight_shape);

  /// How many output positions there are for an input [B,I,H,W]: B x H' x W'.
  std::int64_t positions_of(const at::Tensor& input) const;
  /// Adds output positions of a batch, indices into [B,H',W']. `seen` and `wanted` [B,I,H,W] may be the same tensor.
  void add(const at::Tensor& seen, const at::Tensor& wanted, const std::vector<std::int64_t>& positions);

  at::Tensor mean_seen() const;    ///< E[x'], [G,K]
  at::Tensor mean_wanted() const;  ///< E[x], [G,K]
  /// E[x' x'^T], [G,K,K]; with `centred` of x' minus its mean, which is the right measure where the bias is refitted too.
  at::Tensor hessian(bool centred) const;
  /// E[(x - x') x'^T], [G,K,K], centred likewise: how the error of the input correlates with the input.
  at::Tensor drift(bool centred) const;
  /// E[x x^T], [G,K,K], centred likewise.
  at::Tensor wanted_hessian(bool centred) const;

 private:
  at::Tensor patches(const at::Tensor& x, const std::vector<std::int64_t>& positions) const;  // [n, G, K]

  op::Conv conv_;
  std::int64_t kernel_height_, kernel_width_;
  std::int64_t samples_ = 0;
  at::Tensor sum_seen_, sum_wanted_, sum_hessian_, sum_drift_, sum_wanted_hessian_;
};

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Second moments of a convolution's input, patch by patch: what decides which weight errors matter.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "graph/op.h"

namespace nibble {

/// Sums over sampled output positions of patches x' (what the quantised layer sees) and x (what the float layer sees);
/// K = input channels per group x kernel height x width. All f32.
class PatchMoments {
 public:
  /// `weight_shape` [O, I/groups, kh, kw].
  PatchMoments(const op::Conv& conv, const std::vector<std::int64_t>& weight_shape);

  /// How many output positions an input [B,I,H,W] has.
  std::int64_t positions_of(const at::Tensor& input) const;
  /// Adds output positions of a batch, indices into [B,H',W']. `seen` and `wanted` [B,I,H,W] may be the same tensor.
  void add(const at::Tensor& seen, const at::Tensor& wanted, const std::vector<std::int64_t>& positions);

  at::Tensor mean_seen() const;    ///< [G,K]
  at::Tensor mean_wanted() const;  ///< [G,K]
  /// E[x' x'^T], [G,K,K]; `centred`: of x' minus its mean, which is the right weight when the bias is refitted too.
  at::Tensor hessian(bool centred) const;
  /// E[(x - x') x'^T], [G,K,K], likewise: how the input's error correlates with the input.
  at::Tensor drift(bool centred) const;
  /// E[x x^T], [G,K,K], likewise.
  at::Tensor wanted_hessian(bool centred) const;

 private:
  at::Tensor patches(const at::Tensor& x, const std::vector<std::int64_t>& positions) const;  // [n, G, K]

  op::Conv conv_;
  std::int64_t kernel_height_, kernel_width_;
  std::int64_t samples_ = 0;
  at::Tensor sum_seen_, sum_wanted_, sum_hessian_, sum_drift_, sum_wanted_hessian_;
};

}  // namespace nibble

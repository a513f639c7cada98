// SPDX-License-Identifier: Apache-2.0
// Rewrites: each takes a Graph and returns one with the same function and the count of places changed.
#pragma once
#include "graph/graph.h"

namespace nibble {

struct Rewritten {
  Graph graph;
  int applied = 0;
};

/// Before: Conv(x, W[, b]) -> BatchNorm(gamma, beta, mean, var, eps).  After: Conv(x, W', b').
/// With s = gamma / sqrt(var + eps):  W' = W * s per output channel,  b' = (b - mean) * s + beta.
/// Computed in double, stored in f32. Conditions: the convolution's output has no other consumer; all are constants.
Rewritten fold_batchnorm(const Graph& graph);

/// Before: Add(Conv(x, W1, b1), Conv(x, W2, b2)), equal stride, dilation and groups, kernels k1 >= k2 of equal parity
/// with padding k/2 each (RepVGGDW's 7x7 and 3x3).  After: Conv(x, W1 + centred zero-padded W2, b1 + b2), with the name of
/// the larger one. Conditions: neither result has another consumer. (Ding et al. 2021, RepVGG, section 3.3.)
Rewritten merge_parallel_convs(const Graph& graph);

/// FP16 compute: floating constants become f16 (quantised constants keep codes and f32 scales, their value becomes f16),
/// Cast nodes stand after the f32 graph inputs and in front of nodes with a float_reason, which stay f32 together with
/// everything behind them; graph outputs stay f32. QuantizeDequantize nodes are not supported: Error(unsupported).
Rewritten to_half(const Graph& graph);

}  // namespace nibble

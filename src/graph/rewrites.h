// SPDX-License-Identifier: Apache-2.0
// Rewrites: each takes a Graph and returns a changed copy, with the number of places that were changed.
#pragma once
#include <map>
#include <string>
#include <vector>

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
/// everything behind them; graph inputs and outputs are `io`: f32 (callers need not know) or f16 (no cast at the boundary; pixel
/// coordinates above 512 then come in steps of 0.5). QuantizeDequantize nodes are not supported: Error(unsupported).
Rewritten to_half(const Graph& graph, DType io = DType::f32);

/// The part of a convolution's output, in front of the SiLU, that its 8-bit codes cover: low <= 0 <= high. Values outside saturate.
struct OutputRange {
  float low = 0, high = 0;
};

/// The integer form: quantisers also behind convolutions, so that a runtime which fuses them into their neighbours (ONNX
/// Runtime's CPU provider) computes on integers instead of dequantising.
/// Before: QuantizeDequantize(x) -> Conv(W, b) -> Silu -> y.  Weights and scales of x stay as they are.
/// After:  QuantizeDequantize(x) -> Conv(W, b32) -> QuantizeDequantize = z;  z * QuantizeDequantize(Sigmoid(z)) -> y.
/// b32 has 32 bits and steps of weight scale * input scale. Quantisers that give equal codes become one. Signed 8-bit codes of activations
/// become unsigned ones, 128 higher, because integer kernels of CPUs multiply u8 by s8. Quantisers behind Concat, MaxPool and ResizeNearest
/// also stand in front of these, and a Split behind a SiLU stands in front of it, so that bytes are moved; the codes are the same. z covers
/// the range that `ranges` has under the convolution's name; sigmoids have steps of 1/255. A convolution that only one quantiser reads
/// needs no z. Conditions: signed 8-bit inputs, signed weights per channel or tensor whose codes less their zero point fit 8 bits, at least
/// 8 input channels unless grouped, and nothing else reads the output. Other convolutions stay as they are. `applied` counts the
/// convolutions that compute on integers afterwards. Error(internal) when a range is missing, Error(numeric) when one is unusable.
Rewritten to_integer(const Graph& graph, const std::map<std::string, OutputRange>& ranges);
/// The names of the convolutions for which to_integer needs a range.
std::vector<std::string> integer_silu_convs(const Graph& graph);

}  // namespace nibble

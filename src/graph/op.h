// SPDX-License-Identifier: Apache-2.0
// The operators of a detector: one struct each, holding attributes only. Semantics are ONNX's operator of that name
// unless a comment says otherwise; tensors are NCHW.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "base/tensor.h"
#include "graph/quant_params.h"

namespace nibble::op {

using Pair = std::array<std::int64_t, 2>;  ///< height, width

/// Inputs: x [B,I,H,W], weight [O,I/groups,kh,kw], optional bias [O]. Padding is symmetric.
struct Conv {
  Pair stride{1, 1};
  Pair padding{0, 0};
  Pair dilation{1, 1};
  std::int64_t groups = 1;
};
/// Inference form. Inputs: x, gamma [C], beta [C], mean [C], variance [C].
struct BatchNorm {
  double epsilon = 1e-3;
};
/// x * sigmoid(x) (Elfwing et al. 2018, "SiLU"); exported as Sigmoid and Mul.
struct Silu {};
struct Relu {};
struct Sigmoid {};
/// Of angles in radians.
struct Sin {};
struct Cos {};
struct Add {};
struct Sub {};
struct Mul {};
struct Div {};
struct Mod {};
struct MatMul {};
struct Softmax {
  std::int64_t axis = -1;
};
struct Concat {
  std::int64_t axis = 1;
};
/// One output per entry of `sizes`.
struct Split {
  std::int64_t axis = 1;
  std::vector<std::int64_t> sizes;
};
struct MaxPool {
  Pair kernel{1, 1};
  Pair stride{1, 1};
  Pair padding{0, 0};
};
/// Mean over windows, without padding.
struct AveragePool {
  Pair kernel{1, 1};
  Pair stride{1, 1};
};
/// Zeros around a map: rows above and below, columns left and right of it.
struct ZeroPad {
  Pair begin{0, 0};  ///< above, left
  Pair end{0, 0};    ///< below, right
};
/// Nearest-neighbour enlargement by a whole factor (ONNX Resize: asymmetric, floor).
struct ResizeNearest {
  std::int64_t factor = 2;
};
/// ONNX Reshape: 0 copies the input's extent (the batch), -1 is inferred.
struct Reshape {
  std::vector<std::int64_t> shape;
};
struct Transpose {
  std::vector<std::int64_t> perm;
};
/// Inserts an axis of extent 1.
struct Unsqueeze {
  std::int64_t axis = 0;
};
struct ReduceMax {
  std::int64_t axis = -1;  ///< removed from the shape
};
/// Outputs: values, indices (i64), along the last axis, largest first; equal values by ascending index.
struct TopK {
  std::int64_t k = 0;
};
/// Inputs: data [B,N,...], indices [B,K,1] (i64). Output [B,K,...]: ONNX GatherND with batch_dims 1.
struct GatherRows {};
struct Cast {
  DType to = DType::f32;
};
/// x -> dequantize(quantize(x)): exported as QuantizeLinear and DequantizeLinear.
struct QuantizeDequantize {
  QuantParams params;
};

}  // namespace nibble::op

namespace nibble {

using Op =
    std::variant<op::Conv, op::BatchNorm, op::Silu, op::Relu, op::Sigmoid, op::Sin, op::Cos, op::Add, op::Sub, op::Mul, op::Div, op::Mod,
                 op::MatMul, op::Softmax, op::Concat, op::Split, op::MaxPool, op::AveragePool, op::ZeroPad, op::ResizeNearest, op::Reshape,
                 op::Transpose, op::Unsqueeze, op::ReduceMax, op::TopK, op::GatherRows, op::Cast, op::QuantizeDequantize>;

/// "Conv", "Silu", ...
std::string_view name_of(const Op& op);

}  // namespace nibble

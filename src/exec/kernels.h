// SPDX-License-Identifier: Apache-2.0
// What each operator of a Graph computes, in LibTorch. Autograd works through all of them.
#pragma once
#include <ATen/ATen.h>

#include <vector>

#include "graph/graph.h"

namespace nibble {

/// The outputs of `node` for inputs in the node's order. Error(unsupported) naming the node for an operator that is exported but never run
/// here (top-k and row gathering of the one2one head).
std::vector<at::Tensor> evaluate(const Node& node, const std::vector<at::Tensor>& inputs);

/// A constant as the network sees it: codes that carry QuantParams are dequantised.
at::Tensor constant_of(const Value& value);

/// LibTorch's convolution with the attributes of `conv`; `bias` may be undefined.
at::Tensor convolve(const op::Conv& conv, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace nibble

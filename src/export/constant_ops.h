// SPDX-License-Identifier: Apache-2.0
// Operators between packed codes and float weights, on evaluated constants: what ONNX Runtime computes when it folds them.
#pragma once
#include <vector>

#include "export/constant_eval.h"

namespace nibble {

/// Sub, Mul, BitwiseAnd, BitShift, Concat, Slice, Reshape, ConvInteger, Gather.
bool is_constant_op(const onnx::NodeProto& node);

/// After the ONNX specification of each, as far as weights need it; float32 results are rounded to float32. Error(unsupported) naming the
/// node for other forms (a second input that does not broadcast into the first one, types other than int32 and float32 in Sub and Mul or
/// uint8 in the operators on bits, which BitwiseAnd may have of int32, slices with steps or from a later start, ConvInteger of anything but
/// rows, Gather from anything but a list); Error(input) where inputs are missing or do not fit.
EvaluatedConstant apply_constant_op(const onnx::NodeProto& node, const std::vector<EvaluatedConstant>& inputs);

}  // namespace nibble

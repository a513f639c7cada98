// SPDX-License-Identifier: Apache-2.0
// Computes the weight that a runtime would see: constants through Clip, DequantizeLinear, Cast, Sub, Identity and the operators that decode
// packed weights (unpack_chain.h), in f32 arithmetic.
#pragma once
#include <string>
#include <vector>

#include "export/onnx_file.h"

namespace nibble {

struct UnpackChain;

struct EvaluatedConstant {
  std::int32_t type = 0;  ///< onnx_type of the values; their rounding has been applied
  Shape shape;
  std::vector<double> values;  ///< exact: every type of weights fits in a double (and the extents that Reshape and Slice read)
};

/// DequantizeLinear after the ONNX specification: y = (x - zero_point) * scale in f32, rounded to the scale's type; per
/// tensor, per axis or blocked. Error(unsupported) naming the node for anything but the operators above, for external
/// data and for types that are not weights; Error(input) where shapes do not fit.
EvaluatedConstant evaluate_constant(const OnnxIndex& index, const std::string& name);

/// The integers a DequantizeLinear multiplies with its scale, codes less their zero point, with the same errors. Error(input) where
/// it has no scale.
EvaluatedConstant evaluate_steps(const OnnxIndex& index, const onnx::NodeProto& dequantize);

/// The integers that a packed weight's Mul multiplies with its scale, in the shape of the weight `name`, with the same errors.
EvaluatedConstant evaluate_steps(const OnnxIndex& index, const std::string& name, const UnpackChain& chain);

/// The stored elements as doubles. Error(unsupported) for element types that weights do not have.
std::vector<double> elements_of(const onnx::TensorProto& tensor);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Conversion between Tensor and ONNX Runtime's values.
#pragma once
#include <onnxruntime_cxx_api.h>

#include <string>

#include "base/tensor.h"

namespace nibble {

/// The dtype of a runtime's element type. Error(unsupported) naming `where` for types that Tensor does not have.
DType dtype_of(ONNXTensorElementDataType type, const std::string& where);
ONNXTensorElementDataType element_type_of(DType dtype);
/// A value over the tensor's own bytes, which are not copied: the tensor must outlive the value.
Ort::Value to_ort(const Tensor& tensor);
/// Copies a value out of the runtime's memory. Errors as dtype_of.
Tensor from_ort(const Ort::Value& value, const std::string& where);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Between Tensor and the runtime's values.
#pragma once
#include <onnxruntime_cxx_api.h>

#include <string>

#include "base/tensor.h"

namespace nibble {

/// Error(unsupported) naming `where` for element types nibble has no Tensor for.
DType dtype_of(ONNXTensorElementDataType type, const std::string& where);
ONNXTensorElementDataType element_type_of(DType dtype);
/// Borrows the tensor's bytes; the tensor must outlive the value.
Ort::Value to_ort(const Tensor& tensor);
/// Copies out of the runtime's memory.
Tensor from_ort(const Ort::Value& value, const std::string& where);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "ort/convert.h"

#include <fmt/format.h>

#include <array>

#include "nibble/error.h"

namespace nibble {
namespace {

struct Row {
  DType dtype;
  ONNXTensorElementDataType type;
};
constexpr std::array<Row, 9> kRows = {{{DType::f32, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT},
                                       {DType::f16, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16},
                                       {DType::f64, ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE},
                                       {DType::i64, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64},
                                       {DType::i32, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32},
                                       {DType::i16, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16},
                                       {DType::i8, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8},
                                       {DType::u8, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8},
                                       {DType::boolean, ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL}}};

}  // namespace

DType dtype_of(ONNXTensorElementDataType type, const std::string& where) {
  for (const auto& row : kRows)
    if (row.type == type) return row.dtype;
  throw Error(ErrorKind::unsupported,
              fmt::format("ONNX Runtime: {}: element type {} is not one nibble reads", where, static_cast<int>(type)));
}

ONNXTensorElementDataType element_type_of(DType dtype) {
  for (const auto& row : kRows)
    if (row.dtype == dtype) return row.type;
  throw Error(ErrorKind::internal, "ONNX Runtime: unknown dtype");
}

Ort::Value to_ort(const Tensor& tensor) {
  static const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  const auto bytes = tensor.bytes();
  // The runtime only reads inputs; its interface has no const.
  return Ort::Value::CreateTensor(memory, const_cast<std::byte*>(bytes.data()), bytes.size(), tensor.shape().data(), tensor.shape().size(),
                                  element_type_of(tensor.dtype()));
}

Tensor from_ort(const Ort::Value& value, const std::string& where) {
  if (!value.IsTensor()) throw Error(ErrorKind::unsupported, fmt::format("ONNX Runtime: {}: is not a tensor", where));
  const auto info = value.GetTensorTypeAndShapeInfo();
  const DType dtype = dtype_of(info.GetElementType(), where);
  Shape shape = info.GetShape();
  const auto size = static_cast<std::size_t>(info.GetElementCount()) * size_of(dtype);
  return Tensor::from_bytes(dtype, std::move(shape), {static_cast<const std::byte*>(value.GetTensorRawData()), size});
}

}  // namespace nibble

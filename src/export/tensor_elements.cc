// SPDX-License-Identifier: Apache-2.0
// TensorProto -> numbers: raw little-endian bytes, or the typed fields that other exporters use.
#include <fmt/format.h>

#include <cstring>

#include "export/constant_eval.h"
#include "export/onnx_types.h"
#include "export/pack.h"
#include "nibble/error.h"

namespace nibble {
namespace {

template <class T>
double number(T value) {
  return static_cast<double>(value);
}
double number(Half value) { return to_float(value); }

template <class T>
std::vector<double> from_raw(const std::string& bytes) {
  std::vector<double> values(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = number(value);
  }
  return values;
}

template <class Field>
std::vector<double> from_field(const Field& field) {
  return {field.begin(), field.end()};
}

std::vector<double> from_nibbles(const onnx::TensorProto& tensor, std::size_t count) {
  const bool is_signed = tensor.data_type() == onnx_type::kInt4;
  std::string bytes = tensor.raw_data();
  for (const auto byte : tensor.int32_data()) bytes.push_back(static_cast<char>(byte));
  const auto codes = unpack_nibbles(std::as_bytes(std::span(bytes)), count, is_signed);
  return {codes.begin(), codes.end()};
}

/// FP16 in a typed field: the bit pattern as an integer.
std::vector<double> from_half_field(const onnx::TensorProto& tensor) {
  std::vector<double> values;
  for (const auto bits : tensor.int32_data()) values.push_back(to_float(Half{static_cast<std::uint16_t>(bits)}));
  return values;
}

}  // namespace

std::vector<double> elements_of(const onnx::TensorProto& tensor) {
  const auto where = fmt::format("initialiser '{}'", tensor.name());
  if (is_external(tensor))
    throw Error(ErrorKind::unsupported, fmt::format("ONNX: {}: its values are in an external file; save the model as one file", where));
  const auto count = static_cast<std::size_t>(count_of(shape_of(tensor, where)));
  const bool raw = tensor.has_raw_data();
  const auto& bytes = tensor.raw_data();
  std::vector<double> values;
  switch (tensor.data_type()) {
    case onnx_type::kFloat: values = raw ? from_raw<float>(bytes) : from_field(tensor.float_data()); break;
    case onnx_type::kDouble: values = raw ? from_raw<double>(bytes) : from_field(tensor.double_data()); break;
    case onnx_type::kFloat16: values = raw ? from_raw<Half>(bytes) : from_half_field(tensor); break;
    case onnx_type::kInt8: values = raw ? from_raw<std::int8_t>(bytes) : from_field(tensor.int32_data()); break;
    case onnx_type::kUint8: values = raw ? from_raw<std::uint8_t>(bytes) : from_field(tensor.int32_data()); break;
    case onnx_type::kInt16: values = raw ? from_raw<std::int16_t>(bytes) : from_field(tensor.int32_data()); break;
    case onnx_type::kUint16: values = raw ? from_raw<std::uint16_t>(bytes) : from_field(tensor.int32_data()); break;
    case onnx_type::kInt32: values = raw ? from_raw<std::int32_t>(bytes) : from_field(tensor.int32_data()); break;
    case onnx_type::kInt64: values = raw ? from_raw<std::int64_t>(bytes) : from_field(tensor.int64_data()); break;
    case onnx_type::kInt4:
    case onnx_type::kUint4: values = from_nibbles(tensor, count); break;
    default:
      throw Error(ErrorKind::unsupported,
                  fmt::format("ONNX: {}: values of {} are not weights", where, onnx_type::name_of(tensor.data_type())));
  }
  if (values.size() != count)
    throw Error(ErrorKind::input, fmt::format("ONNX: {}: holds {} elements where its shape needs {}", where, values.size(), count));
  return values;
}

}  // namespace nibble

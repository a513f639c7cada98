// SPDX-License-Identifier: Apache-2.0
// ONNX's tensor element types by number (onnx.proto, TensorProto.DataType). Numbers and not the generated enum: the
// system's protobuf classes are older than the 4-bit types.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/tensor.h"

namespace nibble::onnx_type {

inline constexpr std::int32_t kFloat = 1;
inline constexpr std::int32_t kUint8 = 2;
inline constexpr std::int32_t kInt8 = 3;
inline constexpr std::int32_t kUint16 = 4;
inline constexpr std::int32_t kInt16 = 5;
inline constexpr std::int32_t kInt32 = 6;
inline constexpr std::int32_t kInt64 = 7;
inline constexpr std::int32_t kBool = 9;
inline constexpr std::int32_t kFloat16 = 10;
inline constexpr std::int32_t kDouble = 11;
inline constexpr std::int32_t kBfloat16 = 16;
inline constexpr std::int32_t kUint4 = 21;
inline constexpr std::int32_t kInt4 = 22;

std::int32_t number_of(DType dtype);
/// "float32", "int4", ...; "type 99" for an unknown one.
std::string name_of(std::int32_t type);
/// Bits of one stored element; nullopt for unknown types and strings.
std::optional<int> bits_of(std::int32_t type);

}  // namespace nibble::onnx_type

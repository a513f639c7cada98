// SPDX-License-Identifier: Apache-2.0
#include "export/onnx_types.h"

#include <fmt/format.h>

#include <array>

#include "nibble/error.h"

namespace nibble::onnx_type {
namespace {

struct Row {
  std::int32_t type;
  const char* name;
  int bits;
};
constexpr std::array<Row, 23> kRows = {{{kFloat, "float32", 32},
                                        {kUint8, "uint8", 8},
                                        {kInt8, "int8", 8},
                                        {kUint16, "uint16", 16},
                                        {kInt16, "int16", 16},
                                        {kInt32, "int32", 32},
                                        {kInt64, "int64", 64},
                                        {kBool, "bool", 8},
                                        {kFloat16, "float16", 16},
                                        {kDouble, "float64", 64},
                                        {12, "uint32", 32},
                                        {13, "uint64", 64},
                                        {kBfloat16, "bfloat16", 16},
                                        {17, "float8e4m3fn", 8},
                                        {18, "float8e4m3fnuz", 8},
                                        {19, "float8e5m2", 8},
                                        {20, "float8e5m2fnuz", 8},
                                        {kUint4, "uint4", 4},
                                        {kInt4, "int4", 4},
                                        {23, "float4e2m1", 4},
                                        {24, "float8e8m0", 8},
                                        {25, "uint2", 2},
                                        {26, "int2", 2}}};

const Row* find(std::int32_t type) {
  for (const auto& row : kRows)
    if (row.type == type) return &row;
  return nullptr;
}

}  // namespace

std::int32_t number_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return kFloat;
    case DType::f16: return kFloat16;
    case DType::f64: return kDouble;
    case DType::i64: return kInt64;
    case DType::i32: return kInt32;
    case DType::i16: return kInt16;
    case DType::i8: return kInt8;
    case DType::u8: return kUint8;
    case DType::boolean: return kBool;
  }
  throw Error(ErrorKind::internal, "export: unknown dtype");
}

std::string name_of(std::int32_t type) {
  const Row* row = find(type);
  return row ? row->name : fmt::format("type {}", type);
}

std::optional<int> bits_of(std::int32_t type) {
  const Row* row = find(type);
  return row ? std::optional(row->bits) : std::nullopt;
}

}  // namespace nibble::onnx_type

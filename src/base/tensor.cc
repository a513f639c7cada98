// SPDX-License-Identifier: Apache-2.0
#include "base/tensor.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "nibble/error.h"

namespace nibble {

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
    case DType::i64: return 8;
    case DType::f32:
    case DType::i32: return 4;
    case DType::f16:
    case DType::i16: return 2;
    case DType::i8:
    case DType::u8:
    case DType::boolean: return 1;
  }
  throw Error(ErrorKind::internal, "tensor: unknown dtype");
}

std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::f64: return "float64";
    case DType::i64: return "int64";
    case DType::f32: return "float32";
    case DType::i32: return "int32";
    case DType::f16: return "float16";
    case DType::i16: return "int16";
    case DType::i8: return "int8";
    case DType::u8: return "uint8";
    case DType::boolean: return "bool";
  }
  return "unknown";
}

std::int64_t count_of(const Shape& shape) {
  std::int64_t count = 1;
  for (const auto extent : shape) {
    if (extent < 0) throw Error(ErrorKind::internal, "tensor: the shape has an extent known at run time only");
    if (extent != 0 && count > std::numeric_limits<std::int64_t>::max() / extent)
      throw Error(ErrorKind::internal, "tensor: the number of elements overflows");
    count *= extent;
  }
  return count;
}

Tensor::Tensor(DType dtype, Shape shape, std::shared_ptr<const std::byte> data, std::size_t size_bytes)
    : dtype_(dtype), shape_(std::move(shape)), data_(std::move(data)), size_bytes_(size_bytes) {
  const auto expected = static_cast<std::size_t>(count_of(shape_)) * size_of(dtype_);
  if (expected != size_bytes_)
    throw Error(ErrorKind::internal, fmt::format("tensor: {} bytes given where the shape needs {}", size_bytes_, expected));
}

Tensor Tensor::from_bytes(DType dtype, Shape shape, std::span<const std::byte> bytes) {
  auto owner = std::make_shared<std::vector<std::byte>>(bytes.begin(), bytes.end());
  const std::byte* data = owner->data();
  return Tensor(dtype, std::move(shape), {owner, data}, bytes.size());
}

Tensor Tensor::reshaped(Shape shape) const { return Tensor(dtype_, std::move(shape), data_, size_bytes_); }

void Tensor::require_dtype(DType dtype) const {
  if (dtype != dtype_) throw Error(ErrorKind::internal, fmt::format("tensor: read as {} but holds {}", name_of(dtype), name_of(dtype_)));
}

namespace {

template <class From, class To>
Tensor converted(const Tensor& tensor, To (*convert)(From)) {
  const auto source = tensor.as<From>();
  std::vector<To> values(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) values[i] = convert(source[i]);
  return Tensor::of<To>(tensor.shape(), std::move(values));
}

template <class From>
Tensor to_f32(const Tensor& tensor) {
  return converted<From, float>(tensor, [](From value) { return static_cast<float>(value); });
}

Tensor booleans_to_f32(const Tensor& tensor) {
  std::vector<float> values;
  for (const auto byte : tensor.bytes()) values.push_back(byte == std::byte{0} ? 0.0F : 1.0F);
  return Tensor::of<float>(tensor.shape(), std::move(values));
}

bool is_floating(DType dtype) { return dtype == DType::f16 || dtype == DType::f32 || dtype == DType::f64; }

}  // namespace

Tensor Tensor::to(DType dtype) const {
  if (dtype == dtype_) return *this;
  if (dtype == DType::f32) {
    switch (dtype_) {
      case DType::f16: return converted<Half, float>(*this, to_float);
      case DType::f64: return to_f32<double>(*this);
      case DType::i64: return to_f32<std::int64_t>(*this);
      case DType::i32: return to_f32<std::int32_t>(*this);
      case DType::i16: return to_f32<std::int16_t>(*this);
      case DType::i8: return to_f32<std::int8_t>(*this);
      case DType::u8: return to_f32<std::uint8_t>(*this);
      case DType::boolean: return booleans_to_f32(*this);
      case DType::f32: break;
    }
  }
  if (is_floating(dtype_)) {
    const Tensor single = to(DType::f32);
    if (dtype == DType::f16) return converted<float, Half>(single, to_half);
    if (dtype == DType::f64) return converted<float, double>(single, [](float value) { return static_cast<double>(value); });
  }
  throw Error(ErrorKind::internal, fmt::format("tensor: no conversion from {} to {}", name_of(dtype_), name_of(dtype)));
}

bool identical(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         (a.bytes().empty() || std::memcmp(a.bytes().data(), b.bytes().data(), a.bytes().size()) == 0);
}

}  // namespace nibble

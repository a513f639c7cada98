// SPDX-License-Identifier: Apache-2.0
// Tensor: the value every module exchanges. Contiguous (row-major), immutable, shared bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/half.h"

namespace nibble {

enum class DType { f32, f16, f64, i64, i32, i16, i8, u8, boolean };  // boolean: a byte, 0 or 1

/// Bytes per element.
std::size_t size_of(DType dtype);
/// "float32", "int8", ... (NumPy's names).
std::string_view name_of(DType dtype);

/// Extents, outermost first. -1 stands for a dimension known at run time only (the batch).
using Shape = std::vector<std::int64_t>;
/// Product of the extents (1 for a scalar). Error(internal) if an extent is negative or the product overflows.
std::int64_t count_of(const Shape& shape);

template <class T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::f32;
}
template <>
constexpr DType dtype_of<Half>() {
  return DType::f16;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::f64;
}
template <>
constexpr DType dtype_of<std::int64_t>() {
  return DType::i64;
}
template <>
constexpr DType dtype_of<std::int32_t>() {
  return DType::i32;
}
template <>
constexpr DType dtype_of<std::int16_t>() {
  return DType::i16;
}
template <>
constexpr DType dtype_of<std::int8_t>() {
  return DType::i8;
}
template <>
constexpr DType dtype_of<std::uint8_t>() {
  return DType::u8;
}

class Tensor {
 public:
  Tensor() = default;  ///< empty f32 tensor of shape [0]

  /// Takes the values over. Error(internal) if values.size() differs from the shape's count.
  template <class T>
  static Tensor of(Shape shape, std::vector<T> values) {
    auto owner = std::make_shared<std::vector<T>>(std::move(values));
    const auto* data = reinterpret_cast<const std::byte*>(owner->data());
    return Tensor(dtype_of<T>(), std::move(shape), {std::shared_ptr<const void>(owner), data}, owner->size() * sizeof(T));
  }
  template <class T>
  static Tensor scalar(T value) {
    return of<T>({}, std::vector<T>{value});
  }
  /// Copies raw little-endian bytes. Error(internal) on a size mismatch.
  static Tensor from_bytes(DType dtype, Shape shape, std::span<const std::byte> bytes);

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t count() const { return count_of(shape_); }
  std::span<const std::byte> bytes() const { return {data_.get(), size_bytes_}; }

  /// Typed view. Error(internal) if T is not the tensor's dtype.
  template <class T>
  std::span<const T> as() const {
    require_dtype(dtype_of<T>());
    return {reinterpret_cast<const T*>(data_.get()), size_bytes_ / sizeof(T)};
  }
  /// The same bytes under another shape of equal count.
  Tensor reshaped(Shape shape) const;
  /// Element-wise conversion between the floating types (f16, f32, f64); integers and booleans convert to f32 only.
  /// Error(internal) for any other pair.
  Tensor to(DType dtype) const;

 private:
  Tensor(DType dtype, Shape shape, std::shared_ptr<const std::byte> data, std::size_t size_bytes);
  void require_dtype(DType dtype) const;

  DType dtype_ = DType::f32;
  Shape shape_ = {0};
  std::shared_ptr<const std::byte> data_;
  std::size_t size_bytes_ = 0;
};

/// Bit-for-bit equality of dtype, shape and bytes.
bool identical(const Tensor& a, const Tensor& b);

}  // namespace nibble

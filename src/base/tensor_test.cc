// SPDX-License-Identifier: Apache-2.0
#include "base/tensor.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "nibble/error.h"

namespace nibble {
namespace {

TEST(Tensor, KeepsShapeTypeAndValues) {
  const auto tensor = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(tensor.dtype(), DType::f32);
  EXPECT_EQ(tensor.count(), 6);
  EXPECT_EQ(tensor.bytes().size(), 24U);
  EXPECT_EQ(tensor.as<float>()[5], 6);
  EXPECT_EQ(Tensor().count(), 0);
  EXPECT_EQ(Tensor::scalar<std::int64_t>(7).shape(), Shape{});
}

TEST(Tensor, RefusesWrongSizesAndTypes) {
  EXPECT_THROW(Tensor::of<float>({2, 2}, {1, 2, 3}), Error);
  EXPECT_THROW(Tensor::of<float>({2}, {1, 2}).as<double>(), Error);
  EXPECT_THROW(Tensor::of<float>({4}, {1, 2, 3, 4}).reshaped({3}), Error);
  EXPECT_THROW(count_of({2, -1}), Error);
  EXPECT_THROW(count_of({1LL << 40, 1LL << 40}), Error);
}

TEST(Tensor, AnExtentOfZeroMakesTheCountZero) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 40;
  EXPECT_EQ(count_of({0, 5}), 0);
  EXPECT_EQ(count_of({0, kHuge, kHuge}), 0);
  EXPECT_THROW(count_of({kHuge, kHuge, 0}), Error);  // found on the way, whatever follows
}

TEST(Tensor, ReshapeSharesTheBytes) {
  const auto tensor = Tensor::of<float>({4}, {1, 2, 3, 4});
  const auto square = tensor.reshaped({2, 2});
  EXPECT_EQ(square.bytes().data(), tensor.bytes().data());
  EXPECT_FALSE(identical(tensor, square));
  EXPECT_TRUE(identical(tensor, square.reshaped({4})));
}

TEST(Tensor, ConvertsBetweenTypes) {
  const auto tensor = Tensor::of<float>({2}, {1.5F, -2.0F});
  const auto there_and_back = tensor.to(DType::f16).to(DType::f32);
  EXPECT_TRUE(identical(there_and_back, tensor));
  EXPECT_EQ(tensor.to(DType::f64).as<double>()[0], 1.5);
  EXPECT_EQ(Tensor::of<std::int8_t>({1}, {-7}).to(DType::f32).as<float>()[0], -7);
  EXPECT_THROW(tensor.to(DType::i32), Error);
}

TEST(Tensor, IntegersAndBooleansConvertToF32Only) {
  const std::array<std::byte, 2> bytes{std::byte{0}, std::byte{1}};
  const auto boolean = Tensor::from_bytes(DType::boolean, {2}, bytes);
  EXPECT_TRUE(identical(boolean.to(DType::f32), Tensor::of<float>({2}, {0, 1})));
  const auto integer = Tensor::scalar<std::int64_t>((std::int64_t{1} << 53) - 1);
  for (const auto dtype : {DType::f16, DType::f64, DType::i32}) {
    EXPECT_THROW(boolean.to(dtype), Error);
    EXPECT_THROW(integer.to(dtype), Error);
  }
}

TEST(Tensor, BytesAreCopied) {
  const std::array<std::byte, 2> bytes{std::byte{1}, std::byte{0}};
  EXPECT_EQ(Tensor::from_bytes(DType::i16, {1}, bytes).as<std::int16_t>()[0], 1);
  EXPECT_THROW(Tensor::from_bytes(DType::i32, {1}, bytes), Error);
}

}  // namespace
}  // namespace nibble

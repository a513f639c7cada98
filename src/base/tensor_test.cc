// SPDX-License-Identifier: Apache-2.0
#include "base/tensor.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "nibble/error.h"

namespace nibble {
namespace {

/// The value of a finite pattern, straight from the definition: (-1)^s * 2^(e-15) * (1 + f/1024), subnormals 2^-14 * f/1024.
double value_by_definition(std::uint16_t bits) {
  const double sign = (bits & 0x8000) ? -1 : 1;
  const int exponent = (bits >> 10) & 31;
  const double fraction = (bits & 1023) / 1024.0;
  return exponent == 0 ? sign * fraction * std::pow(2.0, -14) : sign * (1 + fraction) * std::pow(2.0, exponent - 15);
}

bool is_finite_pattern(std::uint32_t bits) { return ((bits >> 10) & 31U) != 31U; }
Half half(std::uint32_t bits) { return Half{static_cast<std::uint16_t>(bits)}; }

TEST(Half, EveryFinitePatternHasItsDefinedValueAndComesBack) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    if (!is_finite_pattern(bits)) continue;
    const float value = to_float(half(bits));
    ASSERT_EQ(static_cast<double>(value), value_by_definition(static_cast<std::uint16_t>(bits))) << bits;
    ASSERT_EQ(std::signbit(value), bits >= 0x8000) << bits;
    ASSERT_EQ(to_half(value).bits, bits);
  }
}

TEST(Half, InfinitiesAndNansStayWhatTheyAre) {
  EXPECT_EQ(to_float(half(0x7C00)), std::numeric_limits<float>::infinity());
  EXPECT_EQ(to_float(half(0xFC00)), -std::numeric_limits<float>::infinity());
  EXPECT_EQ(to_half(std::numeric_limits<float>::infinity()).bits, 0x7C00);
  EXPECT_EQ(to_half(-std::numeric_limits<float>::infinity()).bits, 0xFC00);
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    if (is_finite_pattern(bits) || (bits & 0x3FFU) == 0) continue;
    ASSERT_TRUE(std::isnan(to_float(half(bits)))) << bits;
    ASSERT_TRUE(std::isnan(to_float(to_half(to_float(half(bits)))))) << bits;
  }
}

// Halfway between neighbours the even pattern wins; a hair to either side the nearer one.
TEST(Half, TiesGoToTheEvenPatternOverTheWholeRange) {
  for (std::uint32_t bits = 0; bits < 0x7BFF; ++bits) {
    const double middle =
        (value_by_definition(static_cast<std::uint16_t>(bits)) + value_by_definition(static_cast<std::uint16_t>(bits + 1))) / 2;
    const auto tie = static_cast<float>(middle);  // exact: 12 significant bits at most
    ASSERT_EQ(static_cast<double>(tie), middle);
    ASSERT_EQ(to_half(tie).bits, bits % 2 == 0 ? bits : bits + 1);
    ASSERT_EQ(to_half(std::nextafter(tie, 0.0F)).bits, bits);
    ASSERT_EQ(to_half(std::nextafter(tie, 1e6F)).bits, bits + 1);
    ASSERT_EQ(to_half(-tie).bits, 0x8000U | (bits % 2 == 0 ? bits : bits + 1));
  }
}

TEST(Half, OverflowsFromTheMiddleBeyondTheLargest) {
  EXPECT_EQ(to_half(65504.0F).bits, 0x7BFF);
  EXPECT_EQ(to_half(std::nextafter(65520.0F, 0.0F)).bits, 0x7BFF);
  EXPECT_EQ(to_half(65520.0F).bits, 0x7C00);
  EXPECT_EQ(to_half(1e30F).bits, 0x7C00);
  EXPECT_EQ(to_half(1e-30F).bits, 0);
  EXPECT_EQ(to_half(-1e-30F).bits, 0x8000);
}

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

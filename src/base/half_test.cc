// SPDX-License-Identifier: Apache-2.0
#include "base/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

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

}  // namespace
}  // namespace nibble

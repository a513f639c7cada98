// SPDX-License-Identifier: Apache-2.0
// Numbers of 16 bits, IEEE 754-2019 binary16 (section 3.6: 1 sign, 5 exponent with bias 15, 10 fraction).
#pragma once
#include <bit>
#include <cstdint>

namespace nibble {

/// The raw bits.
struct Half {
  std::uint16_t bits = 0;
};

// Both conversions are without branches, so that loops over them become vector instructions.

/// Exact.
inline float to_float(Half half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half.bits & 0x8000U) << 16;
  const std::uint32_t exponent = half.bits & 0x7C00U;
  const std::uint32_t magnitude = static_cast<std::uint32_t>(half.bits & 0x7FFFU)
                                  << 13;  // with the exponent's bias of 15, binary32 has 127
  const float subnormal = std::bit_cast<float>(magnitude + (113U << 23)) - std::bit_cast<float>(113U << 23);
  const std::uint32_t rebiased = magnitude + (exponent == 0x7C00U ? 224U << 23 : 112U << 23);
  return std::bit_cast<float>(sign | (exponent == 0 ? std::bit_cast<std::uint32_t>(subnormal) : rebiased));
}

/// Rounds half to even; infinity from 65520 on.
inline Half to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  // Below 2^-14 halves are multiples of 2^-24, which is the last bit of a float of 0.5 to 1: adding 0.5 rounds to it.
  const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - std::bit_cast<std::uint32_t>(0.5F);
  const std::uint32_t normal = ((magnitude + 0xFFFU + ((magnitude >> 13) & 1U)) >> 13) - (112U << 10);
  std::uint32_t rest = magnitude < 0x38800000U ? subnormal : normal;
  rest = magnitude >= 0x477FF000U ? 0x7C00U : rest;
  rest = magnitude > 0x7F800000U ? 0x7E00U : rest;  // NaN
  return Half{static_cast<std::uint16_t>((bits >> 16 & 0x8000U) | rest)};
}

}  // namespace nibble

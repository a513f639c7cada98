// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli; RFC 3720, appendix B.4), and the masked form that TFRecord files hold.
#pragma once
#include <cstdint>
#include <string_view>

namespace nibble {

/// Example: "123456789" -> 0xE3069283.
std::uint32_t crc32c(std::string_view bytes);

/// Rotated right by 15 bits, plus 0xA282EAD8: a checksum of bytes that hold their own checksum stays a checksum.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace nibble

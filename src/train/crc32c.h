// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli; RFC 3720, appendix B.4), and the masked form that TFRecord files hold.
#pragma once
#include <cstdint>
#include <string_view>

namespace nibble {

/// The checksum of `bytes`. Example: "123456789" -> 0xE3069283.
std::uint32_t crc32c(std::string_view bytes);

/// The same, rotated right by 15 bits, plus 0xA282EAD8. TFRecord masks checksums so that data which contains checksums is checked as well.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace nibble {
namespace {

struct Letter {
  std::size_t bytes;    ///< 0: no UTF-8
  std::uint32_t point;  ///< Unicode's number of it
};

/// RFC 3629, section 4: no overlong forms, no surrogates, nothing above U+10FFFF.
Letter letter_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {1, first};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return {0, 0};
  std::uint32_t point = first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {0, 0};
    point = point << 6 | (byte(i) & 0x3FU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_valid = point >= kLeast[bytes] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
  return is_valid ? Letter{bytes, point} : Letter{0, 0};
}

bool is_obeyed(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point <= 0x9F) || (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

bool is_plain(unsigned char letter) { return (letter >= 0x20 && letter < 0x7F) || letter == '\n' || letter == '\t'; }

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto letter = letter_at(text.substr(at));
    if (is_plain(static_cast<unsigned char>(text[at]))) {
      shown += text[at++];
    } else if (letter.bytes == 0 || letter.point < 0x20) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at++]));
    } else {
      shown += is_obeyed(letter.point) ? fmt::format("\\u{:04x}", letter.point) : std::string(text.substr(at, letter.bytes));
      at += letter.bytes;
    }
  }
  return shown;
}

std::string printable_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char letter) { return letter == '\n' || letter == '\r' || letter == '\t'; }, ' ');
  return printable(line);
}

}  // namespace nibble

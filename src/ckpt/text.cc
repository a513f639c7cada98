// SPDX-License-Identifier: Apache-2.0
#include "ckpt/text.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>

#include "nibble/error.h"

namespace nibble {

std::string in_quotes(std::string_view text, std::size_t max_bytes) {
  std::string result = "'";
  for (const char c : text.substr(0, max_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F || c == '\'' || c == '\\') {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  result += text.size() > max_bytes ? "'..." : "'";
  return result;
}

namespace {

/// Length of the sequence a lead byte announces; 0 if it cannot lead.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

bool is_scalar(char32_t code_point) { return code_point <= 0x10FFFF && !(code_point >= 0xD800 && code_point <= 0xDFFF); }

/// The code point of a sequence of `length` bytes; none if a continuation byte is wrong or the form is overlong.
std::optional<char32_t> decode_sequence(std::string_view sequence) {
  static constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const std::size_t length = sequence.size();
  char32_t code_point = static_cast<unsigned char>(sequence[0]) & (0xFFU >> (length == 1 ? 1 : length + 1));
  for (const char c : sequence.substr(1)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) return std::nullopt;
    code_point = (code_point << 6) | (byte & 0x3FU);
  }
  if (code_point < kLeast[length] || !is_scalar(code_point)) return std::nullopt;
  return code_point;
}

/// Reads exactly `digits` hexadecimal digits at `position`.
std::optional<std::uint32_t> read_hex(std::string_view text, std::size_t position, std::size_t digits) {
  if (text.size() < position + digits) return std::nullopt;
  std::uint32_t value = 0;
  const char* const first = text.data() + position;
  const auto [end, error] = std::from_chars(first, first + digits, value, 16);
  if (error != std::errc() || end != first + digits) return std::nullopt;
  return value;
}

[[noreturn]] void refuse_escape(std::string_view text) {
  throw Error(ErrorKind::input, fmt::format("broken escape sequence in the string {}", in_quotes(text)));
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(static_cast<unsigned char>(text[i]));
    if (length == 0 || length > text.size() - i) return false;
    if (length > 1 && !decode_sequence(text.substr(i, length))) return false;
    i += length;
  }
  return true;
}

bool append_utf8(std::string& text, char32_t code_point) {
  if (!is_scalar(code_point)) return false;
  const auto tail = [&](unsigned shift) { text += static_cast<char>(0x80U | ((code_point >> shift) & 0x3FU)); };
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    text += static_cast<char>(0xC0U | (code_point >> 6));
    tail(0);
  } else if (code_point < 0x10000) {
    text += static_cast<char>(0xE0U | (code_point >> 12));
    tail(6), tail(0);
  } else {
    text += static_cast<char>(0xF0U | (code_point >> 18));
    tail(12), tail(6), tail(0);
  }
  return true;
}

std::string decode_raw_unicode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'u' || text[i + 1] == 'U');
    if (!escape) {
      append_utf8(result, static_cast<unsigned char>(text[i]));
      continue;
    }
    const std::size_t digits = text[i + 1] == 'u' ? 4 : 8;
    const auto code_point = read_hex(text, i + 2, digits);
    if (!code_point || !append_utf8(result, *code_point)) refuse_escape(text);
    i += 1 + digits;
  }
  return result;
}

std::string decode_quoted_bytes(std::string_view text) {
  const bool is_quoted = text.size() >= 2 && text.front() == text.back() && (text.front() == '\'' || text.front() == '"');
  if (!is_quoted) throw Error(ErrorKind::input, fmt::format("the string {} is not quoted", in_quotes(text)));
  text = text.substr(1, text.size() - 2);
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    if (++i == text.size()) refuse_escape(text);
    switch (text[i]) {
      case 'n': result += '\n'; break;
      case 't': result += '\t'; break;
      case 'r': result += '\r'; break;
      case '\\':
      case '\'':
      case '"': result += text[i]; break;
      case 'x': {
        const auto byte = read_hex(text, i + 1, 2);
        if (!byte) refuse_escape(text);
        result += static_cast<char>(*byte);
        i += 2;
        break;
      }
      default: refuse_escape(text);
    }
  }
  return result;
}

}  // namespace nibble

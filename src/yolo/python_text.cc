// SPDX-License-Identifier: Apache-2.0
#include "yolo/python_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace nibble {
namespace {

struct CodePoints {
  char32_t first, last;
};
/// From U+0080 on, the categories Cc, Cf, Zl, Zp, Zs, Cs and Co of Unicode 15.
constexpr std::array<CodePoints, 27> kUnprintable = {
    {{0x80, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},      {0x61C, 0x61C},     {0x6DD, 0x6DD},     {0x70F, 0x70F},
     {0x890, 0x891},     {0x8E2, 0x8E2},     {0x1680, 0x1680},    {0x180E, 0x180E},   {0x2000, 0x200F},   {0x2028, 0x202F},
     {0x205F, 0x2064},   {0x2066, 0x206F},   {0x3000, 0x3000},    {0xD800, 0xF8FF},   {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB},
     {0x110BD, 0x110BD}, {0x110CD, 0x110CD}, {0x13430, 0x1343F},  {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0001, 0xE0001},
     {0xE0020, 0xE007F}, {0xF0000, 0xFFFFD}, {0x100000, 0x10FFFD}}};
constexpr char32_t kLast = 0x10FFFF, kReplacement = 0xFFFD;

bool is_printable(char32_t point) {
  if (point < 0x80) return point >= ' ' && point != 0x7F;
  return std::none_of(kUnprintable.begin(), kUnprintable.end(),
                      [point](const CodePoints& range) { return point >= range.first && point <= range.last; });
}

struct Decoded {
  char32_t point;
  std::size_t bytes;
};

/// The character that begins at text[at]; nothing where the bytes are not UTF-8. Surrogates are taken as Python writes them
/// ("surrogatepass"), in three bytes.
std::optional<Decoded> decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at);
  if (first < 0x80) return Decoded{first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return std::nullopt;
  char32_t point = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80) return std::nullopt;
    point = point << 6 | (byte(at + i) & 0x3FU);
  }
  const char32_t least = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
  return point >= least && point <= kLast ? std::optional(Decoded{point, length}) : std::nullopt;
}

void append(std::string& text, char32_t point) {
  if (point >= 0xD800 && point <= 0xDFFF) point = kReplacement;
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xC0 | point >> 6);
    tail(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xE0 | point >> 12);
    tail(6), tail(0);
  } else {
    text += static_cast<char>(0xF0 | point >> 18);
    tail(12), tail(6), tail(0);
  }
}

std::string escaped(char32_t point) {
  const auto number = static_cast<std::uint32_t>(point);
  if (point == '\t') return "\\t";
  if (point == '\n') return "\\n";
  if (point == '\r') return "\\r";
  return point < 0x100     ? fmt::format("\\x{:02x}", number)
         : point < 0x10000 ? fmt::format("\\u{:04x}", number)
                           : fmt::format("\\U{:08x}", number);
}

/// Digits of the base at text[at], `least` to `most` of them; `at` moves behind.
std::optional<char32_t> number(std::string_view text, std::size_t& at, int base, std::size_t least, std::size_t most) {
  std::uint32_t value = 0;
  const char* const first = text.data() + at;
  const auto result = std::from_chars(first, first + std::min(most, text.size() - at), value, base);
  const auto digits = static_cast<std::size_t>(result.ptr - first);
  if (result.ec != std::errc{} || digits < least || value > kLast) return std::nullopt;
  at += digits;
  return value;
}

/// What the escape whose letter is text[at] stands for, appended; `at` moves behind it. False where it is damaged.
bool undo_escape(std::string_view text, std::size_t& at, std::string& value) {
  constexpr std::string_view kLetters = "\\'\"abfnrtv", kMeanings = "\\'\"\a\b\f\n\r\t\v";
  const char letter = text[at];
  if (const auto known = kLetters.find(letter); known != std::string_view::npos) {
    value += kMeanings[known];
    ++at;
    return true;
  }
  if (letter == '\n') return ++at, true;  // a line that goes on
  if (letter == 'N') return false;        // by name
  std::optional<char32_t> point;
  if (letter >= '0' && letter <= '7') {
    point = number(text, at, 8, 1, 3);
  } else if (letter == 'x' || letter == 'u' || letter == 'U') {
    const std::size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
    point = number(text, ++at, 16, digits, digits);
  } else {
    value += '\\';
    return true;  // the character itself is read as any other
  }
  if (point) append(value, *point);
  return point.has_value();
}

}  // namespace

std::string python_repr(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string result(1, quote);
  for (std::size_t at = 0; at < text.size();) {
    const auto found = decode(text, at);
    const std::size_t bytes = found ? found->bytes : 1;
    if (text[at] == quote || text[at] == '\\') result += '\\';
    if (found && !is_printable(found->point))
      result += escaped(found->point);
    else
      result += text.substr(at, bytes);
    at += bytes;
  }
  return result + quote;
}

std::optional<std::string> read_python_string(std::string_view text, std::size_t& at) {
  if (at >= text.size() || (text[at] != '\'' && text[at] != '"')) return std::nullopt;
  const char quote = text[at++];
  std::string value;
  while (at < text.size() && text[at] != quote) {
    if (text[at] != '\\') {
      value += text[at++];
      continue;
    }
    if (++at >= text.size() || !undo_escape(text, at, value)) return std::nullopt;
  }
  if (at >= text.size()) return std::nullopt;
  ++at;
  return value;
}

}  // namespace nibble

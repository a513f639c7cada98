// SPDX-License-Identifier: Apache-2.0
#include "base/image_size_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace nibble {
namespace {

constexpr std::int64_t kLargestSide = 16384;
constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_bracketed(std::string_view text) {
  return text.size() > 2 && ((text.front() == '[' && text.back() == ']') || (text.front() == '(' && text.back() == ')'));
}

/// Takes the brackets off, and the comma that Python puts behind the only member of a tuple: "(320,)".
std::string_view without_brackets(std::string_view text) {
  if (!is_bracketed(text)) return text;
  text = trimmed(text.substr(1, text.size() - 2));
  if (text.ends_with(',')) text.remove_suffix(1);
  return trimmed(text);
}

/// Takes the decimals off of a whole number that went through arithmetic: "320.0".
void take_zero_decimals(std::string_view& text) {
  if (text.starts_with(".0")) text.remove_prefix(std::min(text.find_first_not_of('0', 1), text.size()));
}

/// Takes what stands between two numbers off `text`: one sign with blanks around it, or blanks alone.
bool take_separator(std::string_view& text) {
  const auto length = text.size();
  text = trimmed(text);
  if (!text.empty() && (text.front() == ',' || text.front() == 'x' || text.front() == 'X')) {
    text.remove_prefix(1);
    text = trimmed(text);
    return true;
  }
  return text.size() < length;
}

}  // namespace

std::string text_of(const ImageSize& size) {
  return fmt::format("{} x {}{}", size.height, size.width, size.is_square() ? "" : " (height x width)");
}

std::string option_text(const ImageSize& size) {
  return size.is_square() ? std::to_string(size.height) : fmt::format("{},{}", size.height, size.width);
}

Json to_json(const ImageSize& size) {
  if (size.is_square()) return size.height;
  return Json::array({size.height, size.width});
}

std::optional<ImageSize> parse_image_size(std::string_view text) {
  text = without_brackets(trimmed(text));
  std::vector<std::int64_t> sides;
  while (!text.empty()) {
    if (!sides.empty() && !take_separator(text)) return std::nullopt;
    std::int64_t side = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), side);
    if (read.ec != std::errc{} || side < 1 || side > kLargestSide) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    take_zero_decimals(text);
    sides.push_back(side);
  }
  if (sides.size() == 1) return ImageSize(sides[0]);
  if (sides.size() == 2) return ImageSize(sides[0], sides[1]);
  return std::nullopt;
}

}  // namespace nibble

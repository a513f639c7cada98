// SPDX-License-Identifier: Apache-2.0
#include "data/text_list.h"

#include <algorithm>
#include <charconv>

#include "base/files.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

void append_utf8(std::uint32_t code, std::string& text) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xE0 | code >> 12);
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
    }
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

/// `bytes` behind the byte order mark; a last odd byte is dropped.
std::string from_utf16(std::string_view bytes, bool little) {
  const auto unit = [&](std::size_t i) {
    const auto first = static_cast<std::uint8_t>(bytes[i]), second = static_cast<std::uint8_t>(bytes[i + 1]);
    return static_cast<std::uint32_t>(little ? first | second << 8 : first << 8 | second);
  };
  std::string text;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint32_t code = unit(i);
    const bool is_pair = code >= 0xD800 && code < 0xDC00 && i + 3 < bytes.size();
    if (is_pair) {
      code = 0x10000 + ((code - 0xD800) << 10) + ((unit(i + 2) - 0xDC00) & 0x3FF);
      i += 2;
    }
    append_utf8(code, text);
  }
  return text;
}

std::string without_mark(std::string content) {
  const std::string_view view = content;
  if (view.starts_with(kUtf8Mark)) return content.substr(kUtf8Mark.size());
  if (view.starts_with("\xFF\xFE")) return from_utf16(view.substr(2), true);
  if (view.starts_with("\xFE\xFF")) return from_utf16(view.substr(2), false);
  return content;
}

std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i)
    if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) return line.substr(0, i);
  return line;
}

}  // namespace

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<fs::path> existing_path(const fs::path& folder, const std::string& entry) {
  std::string other = entry;
  std::replace(other.begin(), other.end(), '\\', '/');
  for (const auto& name : {entry, other})
    if (auto path = folder / name; seems_there(path)) return path;
  return std::nullopt;
}

std::vector<ListEntry> read_text_list(const fs::path& path) {
  const std::string content = without_mark(read_file(path));
  std::vector<ListEntry> entries;
  std::int64_t line = 0;
  for (std::size_t begin = 0; begin < content.size();) {
    const auto end = std::min(content.find_first_of("\r\n", begin), content.size());
    ++line;
    const auto whole = trim(std::string_view(content).substr(begin, end - begin));
    const auto text = trim(without_comment(whole));
    if (!text.empty()) entries.push_back({std::string(text), line, std::string(whole)});
    begin = end + (content.compare(end, 2, "\r\n") == 0 ? 2 : 1);
  }
  return entries;
}

}  // namespace nibble

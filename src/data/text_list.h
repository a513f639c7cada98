// SPDX-License-Identifier: Apache-2.0
// Lists in text files: one entry per line, '#' starts a comment, blank lines and surrounding blanks do not count. Line ends of any system,
// UTF-8 with or without a byte order mark, UTF-16 with one.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nibble {

struct ListEntry {
  std::string text;
  std::int64_t line = 0;   ///< from 1
  std::string whole = {};  ///< with the comment behind it: a file may be called so
};
/// The entries of a file in order. A '#' starts a comment at the start of a line or after a blank only, so that file names may hold one.
std::vector<ListEntry> read_text_list(const std::filesystem::path& path);

/// The folder and an entry of a list or file in it, which may be written with '\\' for '/'; nothing where no such file or folder is there.
std::optional<std::filesystem::path> existing_path(const std::filesystem::path& folder, const std::string& entry);

/// The text without blanks at both ends.
std::string_view trim(std::string_view text);

/// The decimal number that the whole text is; empty for any other text ("12a", "", "+1", one too large for 64 bits).
std::optional<std::int64_t> whole_number(std::string_view text);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Lists in text files: one entry per line, '#' starts a comment, blank lines and surrounding blanks do not count.
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
  std::int64_t line = 0;  ///< from 1
};
/// The entries of a file in order. A '#' starts a comment at the start of a line or after a blank only, so that file names may hold one.
std::vector<ListEntry> read_text_list(const std::filesystem::path& path);

/// The text without blanks at both ends.
std::string_view trim(std::string_view text);

/// The decimal number that the whole text is; empty for any other text ("12a", "", "+1", one too large for 64 bits).
std::optional<std::int64_t> whole_number(std::string_view text);

}  // namespace nibble

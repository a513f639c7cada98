// SPDX-License-Identifier: Apache-2.0
// Lists of names in a line of text.
#pragma once
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace nibble {

/// The first five and how many more there are: "a.jpg, b.jpg, c.jpg, d.jpg, e.jpg and 3 more". Empty for no names.
inline std::string some_names(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kShown));
  return fmt::format("{}{}", fmt::join(names.begin(), end, ", "),
                     names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "");
}

/// All of them: "a", "a and b", "a, b and c". Empty for no names.
inline std::string enumeration(const std::vector<std::string>& names) {
  if (names.size() < 2) return names.empty() ? "" : names.front();
  return fmt::format("{} and {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
}

}  // namespace nibble

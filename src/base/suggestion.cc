// SPDX-License-Identifier: Apache-2.0
#include "base/suggestion.h"

#include <fmt/format.h>

#include <algorithm>

namespace nibble {
namespace fs = std::filesystem;
namespace {

/// Empty where none is near.
std::string nearest_to(const std::string& word, const std::vector<std::string>& known) {
  constexpr std::size_t kLongest = 64;  // letters; what is longer is no slip of a finger
  if (word.size() > kLongest) return "";
  std::size_t nearest = std::max<std::size_t>(word.size() / 3, 1) + 1;
  std::string best;
  for (const auto& candidate : known) {
    const auto [shorter, longer] = std::minmax({word.size(), candidate.size()});
    if (longer - shorter >= nearest) continue;  // each letter more is a step of the distance
    const auto distance = edit_distance(word, candidate);
    if (distance >= nearest) continue;
    nearest = distance;
    best = candidate;
  }
  return best;
}

std::string question(const std::string& meant) { return meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant); }

}  // namespace

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> table((a.size() + 1) * (b.size() + 1));
  const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& { return table[i * (b.size() + 1) + j]; };
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        at(i, j) = i + j;
        continue;
      }
      const std::size_t replaced = at(i - 1, j - 1) + (a[i - 1] == b[j - 1] ? 0 : 1);
      at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, replaced});
      const bool is_exchange = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_exchange) at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
    }
  return at(a.size(), b.size());
}

std::string suggestion_for(const std::string& word, const std::vector<std::string>& known) { return question(nearest_to(word, known)); }

std::string suggestion_for_path(const fs::path& path) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(path.has_parent_path() ? path.parent_path() : ".", error), end; !error && entry != end;
       entry.increment(error))
    names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  const auto same_stem = std::find_if(names.begin(), names.end(), [&](const fs::path& name) { return name.stem() == path.filename(); });
  const auto meant = same_stem != names.end() ? *same_stem : nearest_to(path.filename().string(), names);
  return question(meant.empty() ? "" : (path.parent_path() / meant).string());
}

}  // namespace nibble

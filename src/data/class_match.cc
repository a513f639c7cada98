// SPDX-License-Identifier: Apache-2.0
#include "data/class_match.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <vector>

#include "base/log.h"
#include "nibble/error.h"

namespace nibble {
namespace {

std::string plain(const std::string& name) {
  std::string text;
  for (const char letter : name) {
    if (letter == '_' || letter == '-' || letter == ' ') {
      if (!text.empty() && text.back() != ' ') text += ' ';
    } else {
      text += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    }
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

using ClassNames = std::map<std::int64_t, std::string>;

bool is_same_list(const CocoDataset& dataset, const ClassNames& names) {
  std::size_t k = 0;
  return dataset.categories.size() == names.size() && std::all_of(names.begin(), names.end(), [&](const auto& entry) {
           return entry.first == static_cast<std::int64_t>(k) && dataset.categories[k++].name == entry.second;
         });
}

std::set<std::int64_t> annotated(const CocoDataset& dataset) {
  std::set<std::int64_t> ids;
  for (const auto& annotation : dataset.annotations) ids.insert(annotation.category_id);
  return ids;
}

/// Class number by name; nothing when two classes share one.
std::optional<std::map<std::string, std::int64_t>> classes_by_name(const ClassNames& names) {
  std::map<std::string, std::int64_t> by_name;
  for (const auto& [k, name] : names)
    if (k < 0 || !by_name.emplace(plain(name), k).second) return std::nullopt;
  return by_name;
}

struct NameMatch {
  std::map<std::int64_t, CocoCategory> category_of_class;
  std::vector<std::string> unknown;  ///< annotated categories that are no class
  std::vector<std::string> dropped;  ///< the others that are none
};

NameMatch match_names(const CocoDataset& dataset, const std::map<std::string, std::int64_t>& classes) {
  NameMatch match;
  const auto used = annotated(dataset);
  std::vector<CocoCategory> ordered = dataset.categories;  // a parent may share the name of its child: what is annotated comes first
  std::stable_partition(ordered.begin(), ordered.end(), [&](const auto& category) { return used.contains(category.id); });
  for (const auto& category : ordered) {
    const auto found = classes.find(plain(category.name));
    const bool is_new = found != classes.end() && match.category_of_class.emplace(found->second, category).second;
    if (!is_new) (used.contains(category.id) ? match.unknown : match.dropped).push_back(category.name);
  }
  return match;
}

std::vector<CocoCategory> categories_of(const NameMatch& match, const CocoDataset& dataset, const ClassNames& names) {
  std::int64_t free_id = 1;
  for (const auto& category : dataset.categories) free_id = std::max(free_id, category.id + 1);
  std::vector<CocoCategory> categories;
  for (const auto& [k, name] : names) {
    const auto found = match.category_of_class.find(k);
    categories.push_back(found == match.category_of_class.end() ? CocoCategory{free_id++, name} : found->second);
  }
  return categories;
}

void say_match(const NameMatch& match, const CocoDataset& dataset, const ClassNames& names) {
  std::string text = fmt::format("classes: {}: matched by name: {} of {} classes are in the data set", dataset.source.string(),
                                 match.category_of_class.size(), names.size());
  if (!match.dropped.empty())
    text +=
        fmt::format("; not classes, and nothing is annotated with them: {}",
                    fmt::join(match.dropped.begin(),
                              match.dropped.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(match.dropped.size(), 5)), ", "));
  log(LogLevel::info, text);
}

}  // namespace

CocoDataset with_classes_of(const CocoDataset& dataset, const ClassNames& names, bool quietly) {
  if (names.empty() || is_same_list(dataset, names)) return dataset;
  const bool same_number = dataset.categories.size() == names.size();
  const auto classes = classes_by_name(names);
  const NameMatch match = classes ? match_names(dataset, *classes) : NameMatch{};
  CocoDataset matched = dataset;
  if (classes && match.unknown.empty() && !match.category_of_class.empty()) {
    matched.categories = categories_of(match, dataset, names);
    if (!quietly) say_match(match, dataset, names);
    return matched;
  }
  if (same_number) return matched;
  throw Error(ErrorKind::input,
              fmt::format("classes do not match: {}: the model knows {} classes, the annotations have {} categories{}; use the annotations "
                          "the model was trained for",
                          dataset.source.string(), names.size(), dataset.categories.size(),
                          match.unknown.empty() ? "" : fmt::format(", and '{}' is none of its classes", match.unknown.front())));
}

bool are_only_numbers(const ClassNames& names) {
  return !names.empty() &&
         std::all_of(names.begin(), names.end(), [](const auto& entry) { return std::to_string(entry.first) == entry.second; });
}

}  // namespace nibble

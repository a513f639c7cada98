// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/files.h"
#include "data/coco.h"
#include "data/text_list.h"
#include "nibble/error.h"

namespace nibble {

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

namespace {

std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i)
    if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) return line.substr(0, i);
  return line;
}

/// "42" or "val2017/000000000042.jpg".
std::optional<std::int64_t> image_id_of(const std::string& text) {
  if (const auto id = whole_number(text)) return id;
  return whole_number(std::filesystem::path(text).stem().string());
}

/// The ids to keep, or nothing for all.
std::optional<std::set<std::int64_t>> wanted_ids(const CocoDataset& dataset, const ImageSelection& selection) {
  if (selection.ids.empty()) return std::nullopt;
  std::set<std::int64_t> wanted(selection.ids.begin(), selection.ids.end());
  std::set<std::int64_t> known;
  for (const auto& image : dataset.images) known.insert(image.id);
  std::vector<std::int64_t> unknown;
  std::set_difference(wanted.begin(), wanted.end(), known.begin(), known.end(), std::back_inserter(unknown));
  if (!unknown.empty())
    throw Error(ErrorKind::input, fmt::format("image list: {}: {} of {} ids are not in the data set, the first is {}; choose other ids",
                                              dataset.source.string(), unknown.size(), wanted.size(), unknown.front()));
  return wanted;
}

}  // namespace

std::vector<ListEntry> read_text_list(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  std::vector<ListEntry> entries;
  std::int64_t line = 0;
  for (std::size_t begin = 0; begin < content.size();) {
    const auto end = std::min(content.find('\n', begin), content.size());
    ++line;
    const auto text = trim(without_comment(std::string_view(content).substr(begin, end - begin)));
    if (!text.empty()) entries.push_back({std::string(text), line});
    begin = end + 1;
  }
  return entries;
}

std::vector<std::int64_t> read_image_ids(const std::filesystem::path& list) {
  std::vector<std::int64_t> ids;
  for (const auto& entry : read_text_list(list)) {
    const auto id = image_id_of(entry.text);
    if (!id)
      throw Error(ErrorKind::input, fmt::format("image list: {}: line {}: expected an image id or a file name like 000000000139.jpg, found "
                                                "\"{}\"",
                                                list.string(), entry.line, entry.text));
    ids.push_back(*id);
  }
  if (ids.empty()) throw Error(ErrorKind::input, fmt::format("image list: {}: no image in it; write one id per line", list.string()));
  return ids;
}

CocoDataset select_images(const CocoDataset& dataset, const ImageSelection& selection) {
  if (selection.max_images && *selection.max_images <= 0)
    throw Error(ErrorKind::usage, fmt::format("image selection: {}: at most {} images asked for; ask for one or more",
                                              dataset.source.string(), *selection.max_images));
  const auto wanted = wanted_ids(dataset, selection);
  CocoDataset selected{dataset.source, {}, {}, dataset.categories};
  std::set<std::int64_t> kept;
  for (const auto& image : dataset.images) {
    if (wanted && !wanted->contains(image.id)) continue;
    if (selection.max_images && static_cast<std::int64_t>(kept.size()) == *selection.max_images) break;
    selected.images.push_back(image);
    kept.insert(image.id);
  }
  for (const auto& annotation : dataset.annotations)
    if (kept.contains(annotation.image_id)) selected.annotations.push_back(annotation);
  return selected;
}

}  // namespace nibble

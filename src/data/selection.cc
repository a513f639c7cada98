// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/kind_of_file.h"
#include "data/coco.h"
#include "data/text_list.h"
#include "nibble/error.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;

/// Images by what a list may call them. A name of several images stands for none.
class ImageNames {
 public:
  explicit ImageNames(const CocoDataset& dataset) : has_made_ids_(has_made_ids(dataset)) {
    for (const auto& image : dataset.images) {
      const fs::path file = image.file_name;
      ids_.insert(image.id);
      for (const auto& name : std::set<std::string>{image.file_name, file.filename().string(), file.stem().string(), image.key})
        add(name, image.id);
    }
  }

  /// Nothing for a name that is unknown, or of several images. A plain number is an id before it is a name, where anybody can know the ids.
  std::optional<std::int64_t> find(const std::string& text) const {
    const auto number = whole_number(text);
    if (number && ids_.contains(*number) && !has_made_ids_) return number;
    const fs::path path = with_slashes(text);
    for (const auto& name : {text, path.string(), path.filename().string(), path.stem().string()})
      if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
    const auto stem = whole_number(path.stem().string());  // "val2017/000000000042.jpg"
    return stem && ids_.contains(*stem) && !has_made_ids_ ? stem : std::nullopt;
  }

 private:
  static fs::path with_slashes(std::string text) {
    std::replace(text.begin(), text.end(), '\\', '/');
    return text;
  }
  void add(const std::string& name, std::int64_t id) {
    if (name.empty()) return;
    const auto [at, is_new] = by_name_.emplace(name, id);
    if (!is_new && at->second != id) at->second = std::nullopt;
  }
  const bool has_made_ids_;
  std::set<std::int64_t> ids_;
  std::map<std::string, std::optional<std::int64_t>> by_name_;
};

[[noreturn]] void refuse_unknown(const CocoDataset& dataset, const std::vector<std::string>& unknown, std::size_t all) {
  throw Error(ErrorKind::input, fmt::format("image list: {}: {} of {} ids are not in the data set, the first is {}; choose other ids",
                                            dataset.source.string(), unknown.size(), all, unknown.front()));
}

/// Bad data that was named and left out.
bool is_left_out(const CocoDataset& dataset, const std::string& name) {
  return std::any_of(dataset.bad.begin(), dataset.bad.end(),
                     [&](const BadDatum& bad) { return bad.file.stem() == fs::path(name).stem() || bad.file == name; });
}

/// The ids to keep, or nothing for all.
std::optional<std::set<std::int64_t>> wanted_ids(const CocoDataset& dataset, const ImageSelection& selection) {
  if (selection.ids.empty() && selection.names.empty()) return std::nullopt;
  std::set<std::int64_t> wanted(selection.ids.begin(), selection.ids.end());
  std::set<std::int64_t> known;
  for (const auto& image : dataset.images) known.insert(image.id);
  std::vector<std::string> unknown;
  for (const auto id : wanted)
    if (!known.contains(id)) unknown.push_back(std::to_string(id));
  if (!selection.names.empty()) {
    const ImageNames names(dataset);
    for (const auto& name : selection.names) {
      const auto id = names.find(name);
      if (id)
        wanted.insert(*id);
      else if (!is_left_out(dataset, name))
        unknown.push_back(whole_number(name) ? name : fmt::format("\"{}\"", name));
    }
  }
  if (!unknown.empty()) refuse_unknown(dataset, unknown, wanted.size() + (selection.names.empty() ? 0 : unknown.size()));
  return wanted;
}

}  // namespace

std::vector<std::string> read_image_names(const fs::path& list) {
  if (const auto kind = kind_of_file(start_of_file(list)))
    throw Error(ErrorKind::input, fmt::format("image list: {}: is {}; expected a text file with one image id or file name per line",
                                              list.string(), name_of(*kind)));
  std::vector<std::string> names;
  for (const auto& entry : read_text_list(list)) names.push_back(entry.text);
  if (names.empty()) throw Error(ErrorKind::input, fmt::format("image list: {}: no image in it; write one id per line", list.string()));
  return names;
}

CocoDataset select_images(const CocoDataset& dataset, const ImageSelection& selection) {
  if (selection.max_images && *selection.max_images <= 0)
    throw Error(ErrorKind::usage, fmt::format("image selection: {}: at most {} images asked for; ask for one or more",
                                              dataset.source.string(), *selection.max_images));
  const auto wanted = wanted_ids(dataset, selection);
  CocoDataset selected{dataset.source, {}, {}, dataset.categories, dataset.bad};
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

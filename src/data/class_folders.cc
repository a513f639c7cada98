// SPDX-License-Identifier: Apache-2.0
#include "data/class_folders.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "data/coco.h"
#include "data/image_file.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

/// Folders in `folder` that hold an image, sorted by name.
std::vector<fs::path> folders_with_images(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_directory() || entry.path().filename().string().starts_with('.')) continue;
    const auto files = fs::recursive_directory_iterator(entry.path());
    if (std::any_of(begin(files), end(files), [](const auto& file) { return file.is_regular_file() && is_image_name(file.path()); }))
      found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

fs::path split_of(const fs::path& folder, const std::vector<std::string>& splits) {
  for (const auto& split : splits)
    if (is_folder(folder / split)) return folder / split;
  return folder;
}

/// Class of each folder.
std::vector<std::int64_t> labels_of(const ClassFolders& set, const std::map<std::int64_t, std::string>& names) {
  std::vector<std::int64_t> labels;
  for (const auto& folder : set.folders) {
    const auto named = std::find_if(names.begin(), names.end(), [&](const auto& item) { return item.second == folder; });
    if (named == names.end()) break;
    labels.push_back(named->first);
  }
  if (labels.size() == set.folders.size()) return labels;
  if (!names.empty() && names.size() != set.folders.size())
    throw Error(
        ErrorKind::input,
        fmt::format("data set: {}: folder '{}' is no class of the model, and {} folders are not its {} classes; call the folders as "
                    "the model calls its classes",
                    set.source.string(), set.folders[labels.size()], set.folders.size(), names.size()));
  labels.clear();
  for (std::size_t i = 0; i < set.folders.size(); ++i) labels.push_back(static_cast<std::int64_t>(i));
  return labels;
}

}  // namespace

ClassFolders read_class_folders(const fs::path& folder, const std::map<std::int64_t, std::string>& names, std::optional<std::int64_t> limit,
                                const std::vector<std::string>& splits) {
  if (!is_folder(folder))
    throw Error(ErrorKind::input,
                fmt::format("data set: {}: no such folder; expected one folder of images for each class", folder.string()));
  ClassFolders set;
  set.source = split_of(folder, splits);
  std::vector<std::vector<fs::path>> files;
  for (const auto& each : folders_with_images(set.source)) {
    set.folders.push_back(each.filename().string());
    files.push_back(list_image_files(each));
  }
  if (set.folders.empty()) {
    list_image_files(set.source);  // refuses a folder without any image
    throw Error(ErrorKind::input, fmt::format("data set: {}: has no folders of images; expected one for each class", set.source.string()));
  }
  const auto labels = labels_of(set, names);
  std::size_t wanted = 0;
  for (const auto& each : files) wanted += each.size();
  if (limit) wanted = std::min(wanted, static_cast<std::size_t>(*limit));
  std::vector<std::size_t> taken(files.size(), 0);
  for (std::size_t left = wanted; left > 0;)
    for (std::size_t i = 0; i < files.size() && left > 0; ++i)
      if (taken[i] < files[i].size()) ++taken[i], --left;
  std::int64_t first = 1;
  for (std::size_t i = 0; i < files.size(); first += static_cast<std::int64_t>(files[i].size()), ++i)
    for (std::size_t k = 0; k < taken[i]; ++k) set.images.push_back({files[i][k], labels[i], first + static_cast<std::int64_t>(k)});
  return set;
}

}  // namespace nibble

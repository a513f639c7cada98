// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/files.h"
#include "data/coco.h"
#include "data/text_list.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

bool is_image_name(const fs::path& path) {
  static constexpr std::array<std::string_view, 5> kExtensions = {".jpg", ".jpeg", ".png", ".bmp", ".webp"};
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

std::vector<fs::path> images_of_folder(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (is_image_name(it->path()) && is_file(it->path())) files.push_back(it->path());
  if (error) throw Error(ErrorKind::input, fmt::format("images: {}: cannot read the folder: {}", folder.string(), error.message()));
  if (files.empty())
    throw Error(ErrorKind::input,
                fmt::format("images: {}: no image in the folder; expected .jpg, .jpeg, .png, .bmp or .webp files", folder.string()));
  std::sort(files.begin(), files.end());
  return files;
}

constexpr std::size_t kMaxPathBytes = 4096;  // PATH_MAX of Linux

std::vector<fs::path> images_of_list(const fs::path& list) {
  std::vector<fs::path> files;
  for (const auto& entry : read_text_list(list)) {
    if (entry.text.size() > kMaxPathBytes)
      throw Error(
          ErrorKind::input,
          fmt::format("images: {}: line {}: {} bytes, which is no path; give a folder of images or a text file with one path per line",
                      list.string(), entry.line, entry.text.size()));
    fs::path file = list.parent_path() / entry.text;  // an absolute entry replaces the folder
    if (!is_file(file))
      throw Error(ErrorKind::input, fmt::format("images: {}: line {}: there is no file {}", list.string(), entry.line, file.string()));
    files.push_back(std::move(file));
  }
  if (files.empty()) throw Error(ErrorKind::input, fmt::format("images: {}: no image in the list; write one path per line", list.string()));
  return files;
}

}  // namespace

std::vector<fs::path> list_image_files(const fs::path& folder_or_list, std::int64_t limit) {
  if (limit < 0)
    throw Error(ErrorKind::usage, fmt::format("images: {}: a limit of {} makes no sense; 0 means all", folder_or_list.string(), limit));
  const bool folder_given = is_folder(folder_or_list);
  std::error_code error;
  if (!folder_given && !fs::exists(folder_or_list, error))  // a list may also be a pipe
    throw Error(ErrorKind::input, fmt::format("images: {}: no such folder or list; name a folder of images or a text file of paths",
                                              folder_or_list.string()));
  auto files = folder_given ? images_of_folder(folder_or_list) : images_of_list(folder_or_list);
  if (limit > 0 && static_cast<std::int64_t>(files.size()) > limit) files.resize(static_cast<std::size_t>(limit));
  return files;
}

}  // namespace nibble

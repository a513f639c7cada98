// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/files.h"
#include "base/kind_of_file.h"
#include "base/log.h"
#include "data/coco.h"
#include "data/image_file.h"
#include "data/text_list.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

/// Images that others read and OpenCV does not.
bool is_other_image(const fs::path& path) {
  static constexpr std::array<std::string_view, 10> kOthers = {".heic", ".heif", ".avif", ".dng", ".gif",
                                                               ".jfif", ".jxl",  ".jp2",  ".pfm", ".ppm"};
  return std::find(kOthers.begin(), kOthers.end(), lower_extension(path)) != kOthers.end();
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

/// Collects the images of a folder and of those in it, whatever links say about the way.
class FolderWalk {
 public:
  void walk(const fs::path& folder) {
    std::error_code error;
    const auto real = fs::canonical(folder, error);
    if (error || !seen_.insert(real.string()).second) return;
    std::vector<fs::path> entries;  // sorted: of two links to one folder always the same is walked
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) entries.push_back(it->path());
    std::sort(entries.begin(), entries.end());
    for (const auto& entry : entries) visit(entry);
    if (error) throw Error(ErrorKind::input, fmt::format("images: {}: cannot read the folder: {}", folder.string(), error.message()));
  }

  std::vector<fs::path> files;
  std::vector<fs::path> missing;      ///< names of images that are no files: links to nothing, pipes
  std::map<std::string, int> others;  ///< extensions of images that are not read

 private:
  void visit(const fs::path& path) {
    if (is_hidden(path)) return;
    if (is_other_image(path)) ++others[lower_extension(path)];
    if (is_image_name(path)) {
      std::error_code error;
      const auto status = fs::status(path, error);
      if (!fs::is_directory(status)) (fs::is_regular_file(status) ? files : missing).push_back(path);
      return;
    }
    std::error_code error;
    if (fs::is_directory(path, error)) walk(path);
  }
  std::set<std::string> seen_;
};

std::vector<fs::path> images_of_folder(const fs::path& folder, std::vector<BadDatum>* bad) {
  FolderWalk found;
  found.walk(folder);
  for (const auto& path : found.missing) {
    const auto why = fmt::format("images: {}: is no file, or a link to one that is not there", path.string());
    if (!bad) throw Error(ErrorKind::input, why);
    bad->push_back({path, why});
  }
  for (const auto& [extension, count] : found.others)
    log(LogLevel::warning,
        fmt::format("images: {}: {} {} files are not read; convert them to .png or .jpg", folder.string(), count, extension));
  if (found.files.empty())
    throw Error(ErrorKind::input,
                fmt::format("images: {}: no image in the folder; expected .jpg, .jpeg, .png, .bmp, .webp, .tif, .tiff or .mpo files",
                            folder.string()));
  std::sort(found.files.begin(), found.files.end());
  return std::move(found.files);
}

constexpr std::size_t kMaxPathBytes = 4096;  // PATH_MAX of Linux

/// The file of a list's line, or nothing.
std::optional<fs::path> file_of(const ListEntry& entry, const fs::path& list, const fs::path& root) {
  for (const auto& text : {entry.whole, entry.text})
    for (const auto& folder : {list.parent_path(), root, fs::path()})
      if (auto path = existing_path(folder, text); path && is_file(*path)) return path;
  return std::nullopt;
}

/// Error(input) for a file that holds no text, as a picture of a format that is not read, or describes a data set.
void require_text(const std::vector<ListEntry>& entries, const fs::path& list) {
  if (entries.empty()) return;
  constexpr std::size_t kSample = 50;
  std::string start;
  for (std::size_t i = 0; i < std::min(entries.size(), kSample); ++i) start += entries[i].whole + "\n";
  if (const auto kind = kind_of_file(start))
    throw Error(ErrorKind::input, fmt::format("images: {}: is {}; give a folder of images or a text file with one path per line",
                                              list.string(), name_of(*kind)));
  const auto& first = entries.front().whole;
  const bool is_text = std::none_of(first.begin(), first.end(), [](unsigned char c) { return c < 0x20 && c != '\t'; });
  if (is_text && !is_other_image(list)) return;
  throw Error(ErrorKind::input,
              fmt::format("images: {}: is neither a list of paths nor an image of a kind that is read; convert images to .png or .jpg",
                          list.string()));
}

std::vector<fs::path> images_of_list(const fs::path& list, std::vector<BadDatum>* bad, const fs::path& root) {
  std::vector<fs::path> files;
  const auto entries = read_text_list(list);
  require_text(entries, list);
  for (const auto& entry : entries) {
    if (entry.text.size() > kMaxPathBytes)
      throw Error(
          ErrorKind::input,
          fmt::format("images: {}: line {}: {} bytes, which is no path; give a folder of images or a text file with one path per line",
                      list.string(), entry.line, entry.text.size()));
    if (auto file = file_of(entry, list, root)) {
      files.push_back(std::move(*file));
      continue;
    }
    const auto why =
        fmt::format("images: {}: line {}: there is no file {}", list.string(), entry.line, (list.parent_path() / entry.text).string());
    if (!bad) throw Error(ErrorKind::input, why);
    bad->push_back({list.parent_path() / entry.text, why});
  }
  if (files.empty() && (!bad || bad->empty()))
    throw Error(ErrorKind::input, fmt::format("images: {}: no image in the list; write one path per line", list.string()));
  return files;
}

}  // namespace

bool is_image_name(const fs::path& path) {
  static constexpr std::array<std::string_view, 8> kRead = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".mpo"};
  return std::find(kRead.begin(), kRead.end(), lower_extension(path)) != kRead.end();
}

std::vector<fs::path> list_image_files(const fs::path& folder_or_list, std::int64_t limit, std::vector<BadDatum>* bad,
                                       const fs::path& root) {
  if (limit < 0)
    throw Error(ErrorKind::usage, fmt::format("images: {}: a limit of {} makes no sense; 0 means all", folder_or_list.string(), limit));
  const bool folder_given = is_folder(folder_or_list);
  std::error_code error;
  if (!folder_given && !fs::exists(folder_or_list, error))  // a list may also be a pipe
    throw Error(ErrorKind::input, fmt::format("images: {}: no such folder or list; name a folder of images or a text file of paths",
                                              folder_or_list.string()));
  auto files = folder_given ? images_of_folder(folder_or_list, bad) : images_of_list(folder_or_list, bad, root);
  if (limit > 0 && static_cast<std::int64_t>(files.size()) > limit) files.resize(static_cast<std::size_t>(limit));
  return files;
}

}  // namespace nibble

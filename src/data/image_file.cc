// SPDX-License-Identifier: Apache-2.0
#include "data/image_file.h"

#include <fmt/format.h>

#include <climits>
#include <mutex>
#include <set>

#include "base/files.h"
#include "base/limits.h"
#include "base/log.h"
#include "data/image_header.h"
#include "data/jpeg_end.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr const char* kCut = "JPEG without its end marker; the file is cut at byte {}";

/// Once for each file, however often it is read.
void warn_of_missing_end(const std::filesystem::path& path) {
  constexpr std::size_t kMost = 1000;  // files that are remembered
  static std::mutex mutex;
  static std::set<std::string> seen;
  const std::lock_guard lock(mutex);
  if (seen.size() < kMost && seen.insert(path.string()).second)
    log(LogLevel::warning, fmt::format("image: {}: JPEG without its end marker; it is read where all its pixels are there", path.string()));
}

}  // namespace

void refuse_image(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorKind::input, fmt::format("image: {}: {}; replace the file or leave it out", path.string(), why));
}

std::string read_image_file(const std::filesystem::path& path) {
  std::string file = read_file(path);
  if (file.empty()) refuse_image(path, "the file is empty");
  if (file.size() > INT_MAX) refuse_image(path, fmt::format("{} bytes; at most {} are read", file.size(), INT_MAX));
  if (lacks_jpeg_end(file)) {
    if (!can_tell_missing_pixels(file)) refuse_image(path, fmt::format(kCut, file.size()));
    warn_of_missing_end(path);
  }
  const auto most = chosen_limits().image_pixels;
  if (const auto size = image_header_size(file); size && size->pixels() > most)
    refuse_image(path, fmt::format("says that it has {} x {} pixels; at most {} are decoded (--max-image-pixels allows more)", size->width,
                                   size->height, most));
  return file;
}

}  // namespace nibble

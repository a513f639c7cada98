// SPDX-License-Identifier: Apache-2.0
#include "data/image_file.h"

#include <fmt/format.h>

#include <climits>
#include <cstdint>

#include "base/files.h"
#include "base/limits.h"
#include "data/image_header.h"
#include "nibble/error.h"

namespace nibble {
namespace {

std::uint8_t byte_at(const std::string& bytes, std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); }

/// First byte after the headers of a JPEG, where the coded pixels begin; npos if there is no scan.
std::size_t scan_begin(const std::string& jpeg) {
  constexpr std::uint8_t kStartOfScan = 0xDA;
  for (std::size_t at = 2; at + 4 <= jpeg.size();) {
    if (byte_at(jpeg, at) != 0xFF) return std::string::npos;
    const auto marker = byte_at(jpeg, at + 1);
    if (marker == kStartOfScan) return at;
    if (marker == 0xFF) {  // fill byte
      ++at;
      continue;
    }
    at += 2 + static_cast<std::size_t>(byte_at(jpeg, at + 2) << 8 | byte_at(jpeg, at + 3));
  }
  return std::string::npos;
}

/// In coded pixels FF is always followed by 0 or a restart marker, so FF D9 behind the scan header is the end marker.
bool is_cut_jpeg(const std::string& file) {
  if (!file.starts_with("\xFF\xD8")) return false;
  const auto begin = scan_begin(file);
  return begin == std::string::npos || file.find("\xFF\xD9", begin) == std::string::npos;
}

}  // namespace

void refuse_image(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorKind::input, fmt::format("image: {}: {}; replace the file or leave it out", path.string(), why));
}

std::string read_image_file(const std::filesystem::path& path) {
  std::string file = read_file(path);
  if (file.empty()) refuse_image(path, "the file is empty");
  if (file.size() > INT_MAX) refuse_image(path, fmt::format("{} bytes; at most {} are read", file.size(), INT_MAX));
  if (is_cut_jpeg(file)) refuse_image(path, fmt::format("JPEG without its end marker; the file is cut at byte {}", file.size()));
  const auto most = chosen_limits().image_pixels;
  if (const auto size = image_header_size(file); size && size->pixels() > most)
    refuse_image(path, fmt::format("says that it has {} x {} pixels; at most {} are decoded (--max-image-pixels allows more)", size->width,
                                   size->height, most));
  return file;
}

}  // namespace nibble

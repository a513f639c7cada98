// SPDX-License-Identifier: Apache-2.0
#include "data/jpeg_end.h"

#include <cstdint>

namespace nibble {
namespace {

constexpr std::uint8_t kStartOfScan = 0xDA, kRestartInterval = 0xDD, kFill = 0xFF, kBaseline = 0xC0, kExtended = 0xC1;
constexpr std::string_view kEnd = "\xFF\xD9";

std::uint8_t byte_at(std::string_view bytes, std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); }
std::size_t two_bytes_at(std::string_view bytes, std::size_t i) {
  return static_cast<std::size_t>(byte_at(bytes, i) << 8 | byte_at(bytes, i + 1));
}

/// What the segments up to the first scan say.
struct Headers {
  std::size_t scan = std::string_view::npos;  ///< where the first scan begins; npos if there is none
  bool sequential = false, restarts = false;
  int components = 0, scanned = 0;
};

Headers read_headers(std::string_view jpeg) {
  Headers headers;
  for (std::size_t at = 2; at + 4 <= jpeg.size();) {
    if (byte_at(jpeg, at) != 0xFF) return headers;
    const auto marker = byte_at(jpeg, at + 1);
    if (marker == kFill) {
      ++at;
      continue;
    }
    const auto segment = jpeg.substr(at + 2, two_bytes_at(jpeg, at + 2));  // from its length on
    if (marker == kStartOfScan) {
      headers.scan = at;
      if (segment.size() > 2) headers.scanned = byte_at(segment, 2);
      return headers;
    }
    if ((marker == kBaseline || marker == kExtended) && segment.size() > 7) {
      headers.sequential = true;
      headers.components = byte_at(segment, 7);
    }
    if (marker == kRestartInterval && segment.size() >= 4 && two_bytes_at(segment, 2) != 0) headers.restarts = true;
    at += 2 + two_bytes_at(jpeg, at + 2);
  }
  return headers;
}

}  // namespace

bool lacks_jpeg_end(std::string_view file) {
  if (!file.starts_with("\xFF\xD8")) return false;
  const auto begin = read_headers(file).scan;
  return begin == std::string_view::npos || file.find(kEnd, begin) == std::string_view::npos;
}

bool can_tell_missing_pixels(std::string_view jpeg) {
  const auto headers = read_headers(jpeg);
  return headers.scan != std::string_view::npos && headers.sequential && !headers.restarts && headers.components == headers.scanned;
}

std::string with_jpeg_end(std::string_view jpeg, std::uint8_t pattern) {
  constexpr std::size_t kPatternBytes = 4096;
  std::string file(jpeg);
  if (!file.empty() && byte_at(file, file.size() - 1) == 0xFF) file += '\0';  // a byte of pixels, of which the second half is cut away
  if (pattern != 0) file.append(kPatternBytes, static_cast<char>(pattern));
  file += kEnd;
  return file;
}

}  // namespace nibble

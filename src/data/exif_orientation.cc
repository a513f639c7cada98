// SPDX-License-Identifier: Apache-2.0
#include "data/exif_orientation.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace nibble {
namespace {

/// Numbers at places of a text; nothing where they would lie outside of it.
class Bytes {
 public:
  Bytes(std::string_view text, bool little) : text_(text), little_(little) {}

  std::optional<std::uint32_t> number(std::size_t at, std::size_t size) const {
    if (at > text_.size() || size > text_.size() - at) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const auto byte = static_cast<std::uint8_t>(text_[at + (little_ ? size - 1 - i : i)]);
      value = value << 8 | byte;
    }
    return value;
  }

 private:
  std::string_view text_;
  bool little_;
};

constexpr int kUpright = 1;
constexpr std::string_view kExifMark{"Exif\0\0", 6};
constexpr std::uint32_t kOrientationTag = 0x0112;

/// A TIFF header and its first directory: entries of 12 bytes, tag, type, count, value.
int orientation_of_tiff(std::string_view tiff) {
  const bool little = tiff.starts_with("II");
  if (!little && !tiff.starts_with("MM")) return kUpright;
  const Bytes bytes(tiff, little);
  if (bytes.number(2, 2) != 42U) return kUpright;
  const auto directory = bytes.number(4, 4);
  const auto entries = directory ? bytes.number(*directory, 2) : std::nullopt;
  for (std::uint32_t i = 0; entries && i < *entries; ++i) {
    const std::size_t at = std::size_t{*directory} + 2 + std::size_t{12} * i;
    const auto tag = bytes.number(at, 2);
    if (!tag) return kUpright;
    if (*tag != kOrientationTag) continue;
    const auto type = bytes.number(at + 2, 2);
    const std::size_t size = type == 1U ? 1 : type == 4U ? 4 : 2;  // BYTE and LONG are against the rule, and written
    const auto value = bytes.number(at + 8, size);
    return value && *value >= 1 && *value <= 8 ? static_cast<int>(*value) : kUpright;
  }
  return kUpright;
}

int orientation_of_exif(std::string_view block) {
  return orientation_of_tiff(block.starts_with(kExifMark) ? block.substr(kExifMark.size()) : block);
}

/// Segments up to the first scan: FF, marker, length with itself.
int orientation_of_jpeg(std::string_view file) {
  constexpr std::uint32_t kApp1 = 0xE1, kStartOfScan = 0xDA, kFill = 0xFF;
  const Bytes bytes(file, false);
  for (std::size_t at = 2;;) {
    const auto mark = bytes.number(at, 1), kind = bytes.number(at + 1, 1);
    if (!mark || !kind || *mark != 0xFF || *kind == kStartOfScan) return kUpright;
    if (*kind == kFill) {
      ++at;
      continue;
    }
    const auto length = bytes.number(at + 2, 2);
    if (!length || *length < 2) return kUpright;
    if (*kind == kApp1) {
      const auto block = file.substr(at + 4, *length - 2);
      if (block.starts_with(kExifMark)) return orientation_of_exif(block);
    }
    at += 2 + *length;
  }
}

/// Chunks: length, name, content, check sum.
int orientation_of_png(std::string_view file) {
  const Bytes bytes(file, false);
  for (std::size_t at = 8;;) {
    const auto length = bytes.number(at, 4);
    if (!length || !bytes.number(at + 4, 4)) return kUpright;
    const auto name = file.substr(at + 4, 4);
    if (name == "IEND") return kUpright;
    if (name == "eXIf") return orientation_of_exif(file.substr(at + 8, *length));
    at += std::size_t{12} + *length;
  }
}

/// Chunks: name, length, content, filled up to an even length.
int orientation_of_webp(std::string_view file) {
  const Bytes bytes(file, true);
  for (std::size_t at = 12;;) {
    const auto length = bytes.number(at + 4, 4);
    if (!length) return kUpright;
    if (file.substr(at, 4) == "EXIF") return orientation_of_exif(file.substr(at + 8, *length));
    at += std::size_t{8} + *length + *length % 2;
  }
}

}  // namespace

int exif_orientation(std::string_view file) {
  if (file.starts_with("\xFF\xD8")) return orientation_of_jpeg(file);
  if (file.starts_with("\x89PNG\r\n\x1A\n")) return orientation_of_png(file);
  if (file.starts_with("RIFF") && file.size() >= 12 && file.substr(8, 4) == "WEBP") return orientation_of_webp(file);
  return orientation_of_tiff(file);
}

}  // namespace nibble

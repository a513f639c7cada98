// SPDX-License-Identifier: Apache-2.0
#include "data/image_header.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace nibble {
namespace {

/// Numbers at places; 0 behind the end.
class Bytes {
 public:
  Bytes(std::string_view file, bool big_endian) : file_(file), big_endian_(big_endian) {}

  std::int64_t number(std::size_t at, std::size_t bytes) const {
    if (at > file_.size() || bytes > file_.size() - at) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(file_[at + (big_endian_ ? i : bytes - 1 - i)]);
    return static_cast<std::int64_t>(value);
  }
  bool has(std::size_t at, std::size_t bytes) const { return at <= file_.size() && bytes <= file_.size() - at; }

 private:
  std::string_view file_;
  bool big_endian_;
};

std::optional<ImageSize> jpeg_size(std::string_view file) {
  const Bytes bytes(file, true);
  std::optional<ImageSize> size;
  for (std::size_t at = 2; bytes.has(at, 4);) {
    const auto marker = bytes.number(at + 1, 1);
    if (bytes.number(at, 1) != 0xFF || marker == 0xDA) break;  // damaged, or the start of a scan
    if (marker == 0xFF || marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {
      at += marker == 0xFF ? 1 : 2;  // a fill byte, or a marker without a length
      continue;
    }
    const bool is_frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (is_frame && bytes.has(at, 9)) {
      const ImageSize frame{bytes.number(at + 5, 2), bytes.number(at + 7, 2)};
      if (!size || frame.pixels() > size->pixels()) size = frame;
    }
    at += 2 + static_cast<std::size_t>(bytes.number(at + 2, 2));
  }
  return size;
}

std::optional<ImageSize> bmp_size(const Bytes& bytes) {
  constexpr std::int64_t kOldHeader = 12;  // OS/2: two numbers of 16 bits
  if (!bytes.has(14, 12)) return std::nullopt;
  if (bytes.number(14, 4) == kOldHeader) return ImageSize{bytes.number(20, 2), bytes.number(18, 2)};
  const auto signed_at = [&](std::size_t at) { return static_cast<std::int64_t>(static_cast<std::int32_t>(bytes.number(at, 4))); };
  return ImageSize{std::abs(signed_at(22)), std::abs(signed_at(18))};  // a negative height: rows from above
}

std::optional<ImageSize> webp_size(std::string_view file) {
  const Bytes bytes(file, false);
  if (!bytes.has(12, 18)) return std::nullopt;
  const auto kind = file.substr(12, 4);
  if (kind == "VP8X") return ImageSize{bytes.number(27, 3) + 1, bytes.number(24, 3) + 1};
  if (kind == "VP8 ") return ImageSize{bytes.number(28, 2) & 0x3FFF, bytes.number(26, 2) & 0x3FFF};
  if (kind != "VP8L") return std::nullopt;
  const auto packed = bytes.number(21, 4);  // 14 bits each of width - 1 and height - 1
  return ImageSize{((packed >> 14) & 0x3FFF) + 1, (packed & 0x3FFF) + 1};
}

std::optional<ImageSize> tiff_size(std::string_view file) {
  constexpr std::int64_t kWidthTag = 256, kHeightTag = 257, kShort = 3, kMostSide = 0x7FFFFFFF;
  const Bytes bytes(file, file.starts_with("MM"));
  const bool is_big = bytes.number(2, 2) == 43;
  const auto directory = static_cast<std::size_t>(is_big ? bytes.number(8, 8) : bytes.number(4, 4));
  const std::size_t count_bytes = is_big ? 8 : 2, entry_bytes = is_big ? 20 : 12, value_at = is_big ? 12 : 8;
  const auto count = static_cast<std::size_t>(bytes.number(directory, count_bytes));
  ImageSize size{0, 0};
  for (std::size_t i = 0, at = directory + count_bytes; i < count && bytes.has(at, entry_bytes); ++i, at += entry_bytes) {
    const auto tag = bytes.number(at, 2);
    const auto value = bytes.number(at + value_at, bytes.number(at + 2, 2) == kShort ? 2 : 4);
    if (tag == kWidthTag) size.width = std::min(value, kMostSide);
    if (tag == kHeightTag) size.height = std::min(value, kMostSide);
  }
  return size.pixels() > 0 ? std::optional(size) : std::nullopt;
}

}  // namespace

std::optional<ImageSize> image_header_size(std::string_view file) {
  const Bytes big(file, true);
  if (file.starts_with("\xFF\xD8")) return jpeg_size(file);
  if (file.starts_with("\x89PNG")) return big.has(16, 8) ? std::optional(ImageSize{big.number(20, 4), big.number(16, 4)}) : std::nullopt;
  if (file.starts_with("BM")) return bmp_size(Bytes(file, false));
  if (file.starts_with("RIFF") && file.substr(std::min<std::size_t>(8, file.size())).starts_with("WEBP")) return webp_size(file);
  if (file.starts_with("II") || file.starts_with("MM")) return tiff_size(file);
  return std::nullopt;
}

}  // namespace nibble

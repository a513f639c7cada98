// SPDX-License-Identifier: Apache-2.0
// Test support: writes zip archives the way PyTorch does (stored, 64-byte alignment, sizes after the content).
#pragma once
#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace nibble::test {

template <class T>
std::string little_endian(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}
inline std::string u16(std::size_t value) { return little_endian(static_cast<std::uint16_t>(value)); }
inline std::string u32(std::size_t value) { return little_endian(static_cast<std::uint32_t>(value)); }
inline std::string u64(std::size_t value) { return little_endian(static_cast<std::uint64_t>(value)); }

class ZipBuilder {
 public:
  /// Directory fields of an entry, open to change so that tests can lie.
  struct Entry {
    std::string name;
    std::size_t crc = 0;
    std::size_t size = 0;
    std::size_t stored_size = 0;
    std::size_t header_offset = 0;
    std::size_t method = 0;
    std::size_t flags = kSizesFollow;
  };
  static constexpr std::size_t kSizesFollow = 8;

  void add(const std::string& name, const std::string& content, bool deflate = false) {
    const std::string stored = deflate ? deflated(content) : content;
    Entry entry{name,           ::crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()),
                content.size(), stored.size(),
                body_.size(),   deflate ? std::size_t{8} : 0};
    const std::size_t unpadded = body_.size() + 30 + name.size() + 4;
    const std::string padding((64 - unpadded % 64) % 64, 'Z');
    body_ += "PK\3\4" + u16(0) + u16(kSizesFollow) + u16(entry.method) + u32(0) + u32(0) + u32(0) + u32(0) + u16(name.size()) +
             u16(padding.size() + 4) + name + "FB" + u16(padding.size()) + padding + stored;
    body_ += "PK\7\10" + u32(entry.crc) + u32(entry.stored_size) + u32(entry.size);
    entries_.push_back(entry);
  }
  std::vector<Entry>& entries() { return entries_; }

  /// `zip64`: end records as PyTorch writes them; `saturated`: every 32-bit size and offset only in the zip64 fields.
  std::string bytes(bool zip64 = true, bool saturated = false) const {
    std::string directory;
    for (const auto& entry : entries_) directory += central(entry, saturated);
    std::string file = body_ + directory;
    const std::size_t end64 = file.size();
    if (zip64)
      file += "PK\6\6" + u64(44) + u16(0) + u16(45) + u32(0) + u32(0) + u64(entries_.size()) + u64(entries_.size()) +
              u64(directory.size()) + u64(body_.size()) + "PK\6\7" + u32(0) + u64(end64) + u32(1);
    const std::size_t count = saturated ? 0xFFFF : entries_.size();
    file += "PK\5\6" + u16(0) + u16(0) + u16(count) + u16(count) + u32(saturated ? 0xFFFFFFFF : directory.size()) +
            u32(saturated ? 0xFFFFFFFF : body_.size()) + u16(0);
    return file;
  }

  /// A raw deflate stream.
  static std::string deflated(const std::string& content) {
    z_stream stream{};
    deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
    std::string packed(deflateBound(&stream, content.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
  }

 private:
  static std::string central(const Entry& entry, bool saturated) {
    const std::string extra =
        saturated ? u16(1) + u16(24) + u64(entry.size) + u64(entry.stored_size) + u64(entry.header_offset) : std::string();
    const auto field = [&](std::size_t value) { return u32(saturated ? 0xFFFFFFFF : value); };
    return "PK\1\2" + u16(0) + u16(0) + u16(entry.flags) + u16(entry.method) + u32(0) + u32(entry.crc) + field(entry.stored_size) +
           field(entry.size) + u16(entry.name.size()) + u16(extra.size()) + u16(0) + u16(0) + u16(0) + u32(0) + field(entry.header_offset) +
           entry.name + extra;
  }

  std::string body_;
  std::vector<Entry> entries_;
};

}  // namespace nibble::test

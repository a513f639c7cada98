// SPDX-License-Identifier: Apache-2.0
#include "ckpt/zip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include "ckpt/byte_reader.h"
#include "ckpt/text.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::uint32_t kEndSignature = 0x06054B50;
constexpr std::uint32_t kEnd64Signature = 0x06064B50;
constexpr std::uint32_t kEnd64LocatorSignature = 0x07064B50;
constexpr std::uint32_t kCentralSignature = 0x02014B50;
constexpr std::uint32_t kLocalSignature = 0x04034B50;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kEnd64LocatorBytes = 20;
constexpr std::size_t kCentralBytes = 46;
constexpr std::size_t kMaxCommentBytes = 0xFFFF;
constexpr std::uint16_t kZip64Extra = 1;
constexpr std::uint32_t kSaturated32 = 0xFFFFFFFF;  // the true value is in the zip64 record
constexpr std::uint16_t kSaturated16 = 0xFFFF;
constexpr std::uint16_t kEncrypted = 1U;
constexpr std::uint16_t kDeflated = 8;
constexpr std::uint64_t kMaxDeflateRatio = 1032;  // of the format: 258 bytes from 2 bits
constexpr std::size_t kInflatePiece = std::size_t{1} << 30;

using Bytes = std::span<const std::byte>;

[[noreturn]] void refuse(const std::string& why, ErrorKind kind = ErrorKind::input) { throw Error(kind, why); }

/// Where the end record starts: the last place whose comment reaches exactly to the end of the file.
std::optional<std::size_t> find_end(Bytes bytes) {
  if (bytes.size() < kEndBytes) return std::nullopt;
  const std::size_t last = bytes.size() - kEndBytes;
  const std::size_t first = last > kMaxCommentBytes ? last - kMaxCommentBytes : 0;
  for (std::size_t at = last + 1; at-- > first;) {
    if (bytes[at] != std::byte{'P'}) continue;
    if (ByteReader(bytes, at).number<std::uint32_t>() != kEndSignature) continue;
    if (ByteReader(bytes, at + kEndBytes - 2).number<std::uint16_t>() == bytes.size() - at - kEndBytes) return at;
  }
  return std::nullopt;
}

/// Place of the directory as the end records tell it.
struct Extent {
  std::uint64_t entries = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::uint64_t limit = 0;  ///< first byte of the end records
};

Extent read_end(Bytes bytes, std::size_t at) {
  ByteReader in(bytes, at + 4);
  const auto disk = in.number<std::uint16_t>();
  const auto directory_disk = in.number<std::uint16_t>();
  const auto entries_here = in.number<std::uint16_t>();
  Extent extent;
  extent.entries = in.number<std::uint16_t>();
  extent.size = in.number<std::uint32_t>();
  extent.offset = in.number<std::uint32_t>();
  extent.limit = at;
  if (disk != directory_disk || entries_here != extent.entries || (disk != 0 && disk != kSaturated16))
    refuse(fmt::format("byte {}: the zip archive is split over several files", at), ErrorKind::unsupported);
  return extent;
}

/// The zip64 end record, if the locator before the end record points to one.
std::optional<Extent> read_end64(Bytes bytes, std::size_t end_at) {
  if (end_at < kEnd64LocatorBytes) return std::nullopt;
  ByteReader locator(bytes, end_at - kEnd64LocatorBytes);
  if (locator.number<std::uint32_t>() != kEnd64LocatorSignature) return std::nullopt;
  locator.take(4);
  const auto at = locator.number<std::uint64_t>();
  const std::size_t latest = end_at - kEnd64LocatorBytes - std::min(end_at - kEnd64LocatorBytes, kEnd64Bytes);
  if (at > latest)
    refuse(fmt::format("byte {}: the zip64 end record should be at byte {}: at least {} bytes are missing from the file", latest, at,
                       at - latest));
  ByteReader in(bytes, static_cast<std::size_t>(at));
  if (in.remaining() < kEnd64Bytes || in.number<std::uint32_t>() != kEnd64Signature)
    refuse(fmt::format("byte {}: no zip64 end record where one is announced", at));
  in.take(12);
  const auto disks = in.number<std::uint64_t>();
  const auto entries_here = in.number<std::uint64_t>();
  Extent extent;
  extent.entries = in.number<std::uint64_t>();
  extent.size = in.number<std::uint64_t>();
  extent.offset = in.number<std::uint64_t>();
  extent.limit = at;
  if (disks != 0 || entries_here != extent.entries)
    refuse(fmt::format("byte {}: the zip archive is split over several files", at), ErrorKind::unsupported);
  return extent;
}

/// A field of the short record must be saturated or say the same as the long one: readers must not differ over one file.
Extent merge_ends(const Extent& end, const std::optional<Extent>& end64) {
  if (!end64) return end;
  const auto agree = [](std::uint64_t small, std::uint64_t large, std::uint64_t saturated) { return small == large || small == saturated; };
  if (!agree(end.entries, end64->entries, kSaturated16) || !agree(end.size, end64->size, kSaturated32) ||
      !agree(end.offset, end64->offset, kSaturated32))
    refuse(fmt::format("byte {}: the two end records contradict each other", end.limit));
  return *end64;
}

Extent locate_directory(Bytes bytes, std::uint64_t max_entries) {
  const auto end_at = find_end(bytes);
  if (!end_at) refuse("no end-of-central-directory record");
  const Extent end = read_end(bytes, *end_at);
  if (end.offset != kSaturated32 && end.size != kSaturated32 && end.offset + end.size > end.limit)
    refuse(fmt::format("byte {}: the directory should end at byte {}: at least {} bytes are missing from the file", end.limit,
                       end.offset + end.size, end.offset + end.size - end.limit));
  const Extent extent = merge_ends(end, read_end64(bytes, *end_at));
  if (extent.offset > extent.limit || extent.size != extent.limit - extent.offset)
    refuse(fmt::format("byte {}: the directory should be {} bytes at byte {}, which does not end here", extent.limit, extent.size,
                       extent.offset));
  if (extent.entries > max_entries) refuse(fmt::format("{} entries are more than the limit of {}", extent.entries, max_entries));
  if (extent.entries > extent.size / kCentralBytes)
    refuse(fmt::format("a directory of {} bytes cannot hold {} entries", extent.size, extent.entries));
  return extent;
}

/// Sizes and offset that did not fit 32 bits, in the order in which they are saturated (APPNOTE 4.5.3).
void read_zip64_extra(std::string_view extra, ZipEntry& entry, std::uint64_t& stored_size) {
  ByteReader in(std::as_bytes(std::span(extra)));
  const bool needed = entry.size == kSaturated32 || stored_size == kSaturated32 || entry.header_offset == kSaturated32;
  while (needed && in.remaining() >= 4) {
    const auto id = in.number<std::uint16_t>();
    const auto field = in.take(in.number<std::uint16_t>());
    if (id != kZip64Extra) continue;
    ByteReader values(std::as_bytes(std::span(field)));
    for (auto* value : {&entry.size, &stored_size, &entry.header_offset})
      if (*value == kSaturated32) *value = values.number<std::uint64_t>();
    return;
  }
}

void refuse_encryption(const std::string& name, std::uint16_t flags) {
  if (flags & kEncrypted) refuse(fmt::format("entry {} is encrypted", in_quotes(name)), ErrorKind::unsupported);
}

ZipEntry read_central_entry(ByteReader& in) {
  const std::size_t at = in.position();
  if (in.number<std::uint32_t>() != kCentralSignature) refuse(fmt::format("byte {}: no directory entry where one should be", at));
  in.take(4);
  const auto flags = in.number<std::uint16_t>();
  ZipEntry entry;
  entry.method = in.number<std::uint16_t>();
  in.take(4);
  entry.crc32 = in.number<std::uint32_t>();
  std::uint64_t stored_size = in.number<std::uint32_t>();
  entry.size = in.number<std::uint32_t>();
  const auto name_bytes = in.number<std::uint16_t>();
  const auto extra_bytes = in.number<std::uint16_t>();
  const auto comment_bytes = in.number<std::uint16_t>();
  in.take(8);
  entry.header_offset = in.number<std::uint32_t>();
  entry.name = in.take(name_bytes);
  read_zip64_extra(in.take(extra_bytes), entry, stored_size);
  in.take(comment_bytes);
  refuse_encryption(entry.name, flags);
  if (entry.method == 0 && stored_size != entry.size)
    refuse(fmt::format("entry {}: {} bytes stored, {} announced; stored entries have one size", in_quotes(entry.name), stored_size,
                       entry.size));
  entry.content_size = entry.size;
  entry.size = stored_size;
  return entry;
}

/// Finds the first byte of the entry: the local header has a name and padding of its own.
void locate_content(Bytes bytes, ZipEntry& entry, std::uint64_t directory_offset) {
  if (entry.header_offset >= directory_offset)
    refuse(fmt::format("entry {}: its header would be at byte {}, the entries end at {}", in_quotes(entry.name), entry.header_offset,
                       directory_offset));
  ByteReader in(bytes, static_cast<std::size_t>(entry.header_offset));
  if (in.number<std::uint32_t>() != kLocalSignature)
    refuse(fmt::format("entry {}: no local header at byte {}", in_quotes(entry.name), entry.header_offset));
  in.take(2);
  const auto flags = in.number<std::uint16_t>();
  const auto method = in.number<std::uint16_t>();
  in.take(16);
  const auto name_bytes = in.number<std::uint16_t>();
  const auto extra_bytes = in.number<std::uint16_t>();
  const auto name = in.take(name_bytes);
  in.take(extra_bytes);
  refuse_encryption(entry.name, flags);
  if (method != entry.method)
    refuse(fmt::format("entry {}: method {} in the directory, {} in its header", in_quotes(entry.name), entry.method, method));
  if (name != entry.name)
    refuse(fmt::format("entry {}: its local header at byte {} is named {}", in_quotes(entry.name), entry.header_offset, in_quotes(name)));
  entry.offset = in.position();
  if (entry.offset > directory_offset || entry.size > directory_offset - entry.offset)
    refuse(fmt::format("entry {}: {} bytes at byte {} reach into the directory at byte {}", in_quotes(entry.name), entry.size, entry.offset,
                       directory_offset));
}

/// Overlapping entries make a small file look large.
void check_no_overlap(const ZipDirectory& directory) {
  std::vector<const ZipEntry*> order;
  order.reserve(directory.size());
  for (const auto& [name, entry] : directory) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const ZipEntry* a, const ZipEntry* b) { return a->header_offset < b->header_offset; });
  for (std::size_t i = 1; i < order.size(); ++i)
    if (order[i - 1]->offset + order[i - 1]->size > order[i]->header_offset)
      refuse(fmt::format("entries {} and {} overlap at byte {}", in_quotes(order[i - 1]->name), in_quotes(order[i]->name),
                         order[i]->header_offset));
}

}  // namespace

bool has_zip_end(Bytes bytes) { return find_end(bytes).has_value(); }

ZipDirectory read_zip_directory(Bytes bytes, std::uint64_t max_entries) {
  const Extent extent = locate_directory(bytes, max_entries);
  ByteReader in(bytes.first(static_cast<std::size_t>(extent.limit)), static_cast<std::size_t>(extent.offset));
  ZipDirectory directory;
  for (std::uint64_t i = 0; i < extent.entries; ++i) {
    ZipEntry entry = read_central_entry(in);
    locate_content(bytes, entry, extent.offset);
    const std::string name = entry.name;
    if (!directory.emplace(name, std::move(entry)).second) refuse(fmt::format("entry {} exists twice", in_quotes(name)));
  }
  if (in.remaining() != 0) refuse(fmt::format("byte {}: {} bytes follow the last directory entry", in.position(), in.remaining()));
  check_no_overlap(directory);
  return directory;
}

namespace {

[[noreturn]] void refuse_damaged(const ZipEntry& entry, std::uint32_t found) {
  refuse(fmt::format("entry {} ({} bytes at byte {}) is damaged: CRC-32 {:08x} expected, {:08x} found", in_quotes(entry.name), entry.size,
                     entry.offset, entry.crc32, found));
}

std::uint32_t crc_of(Bytes content) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size()));
}

/// One deflated stream as a whole. zlib counts in 32 bits, so both sides are handed over in pieces.
std::vector<std::byte> inflate_all(Bytes packed, const ZipEntry& entry) {
  const auto refuse_stream = [&](const char* why) { refuse(fmt::format("entry {} does not unpack: {}", in_quotes(entry.name), why)); };
  if (entry.content_size / kMaxDeflateRatio > packed.size()) refuse_stream("more bytes are announced than so few can hold");
  std::vector<std::byte> content(static_cast<std::size_t>(entry.content_size));
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, &inflateEnd);
  std::size_t taken = 0, made = 0;
  std::byte beyond{};  // one byte more than announced shows that there are more
  int result = Z_OK;
  while (result == Z_OK) {
    const auto input = std::min(packed.size() - taken, kInflatePiece);
    const bool is_full = made == content.size();
    const auto room = is_full ? std::size_t{1} : std::min(content.size() - made, kInflatePiece);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data() + taken));
    stream.avail_in = static_cast<uInt>(input);
    stream.next_out = reinterpret_cast<Bytef*>(is_full ? &beyond : content.data() + made);
    stream.avail_out = static_cast<uInt>(room);
    result = inflate(&stream, Z_NO_FLUSH);
    const auto read = input - stream.avail_in, written = room - stream.avail_out;
    taken += read;
    if (is_full && written > 0) refuse_stream("it holds more bytes than announced");
    if (!is_full) made += written;
    if (result == Z_OK && read == 0 && written == 0) break;
  }
  if (result != Z_STREAM_END) refuse_stream(result == Z_DATA_ERROR ? "its bytes are damaged" : "it is cut off");
  if (made != content.size() || taken != packed.size()) refuse_stream("its sizes are not the announced ones");
  return content;
}

}  // namespace

Bytes checked_entry_bytes(Bytes bytes, const ZipEntry& entry) {
  if (entry.method != 0)
    refuse(fmt::format("entry {} is compressed (method {}), torch.save stores entries: another program packed this file again",
                       in_quotes(entry.name), entry.method),
           ErrorKind::unsupported);
  const Bytes content = bytes.subspan(static_cast<std::size_t>(entry.offset), static_cast<std::size_t>(entry.size));
  if (const auto found = crc_of(content); found != entry.crc32) refuse_damaged(entry, found);
  return content;
}

ZipContent read_zip_entry(Bytes bytes, const ZipEntry& entry) {
  ZipContent content;
  if (entry.method != kDeflated) {
    content.bytes = checked_entry_bytes(bytes, entry);
    return content;
  }
  content.unpacked = inflate_all(bytes.subspan(static_cast<std::size_t>(entry.offset), static_cast<std::size_t>(entry.size)), entry);
  content.bytes = content.unpacked;
  if (const auto found = crc_of(content.bytes); found != entry.crc32) refuse_damaged(entry, found);
  return content;
}

}  // namespace nibble

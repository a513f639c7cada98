// SPDX-License-Identifier: Apache-2.0
// The directory and entries of a zip archive. Format: PKWARE APPNOTE 6.3, sections 4.3 (records), 4.5.3 (zip64). Read: one disk, no
// encryption, entries stored (torch.save) or deflated (another program packed the file again), zip64 or not, any padding between
// entries. Not read: archives with bytes in front of them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nibble {

struct ZipEntry {
  std::string name;
  std::uint64_t header_offset = 0;  ///< of its local header
  std::uint64_t offset = 0;         ///< of its first byte
  std::uint64_t size = 0;           ///< as it lies in the file
  std::uint64_t content_size = 0;   ///< unpacked; `size` where it is stored
  std::uint32_t crc32 = 0;
  std::uint16_t method = 0;  ///< 0: stored, 8: deflated; others are listed, not read
};
/// Entries by name.
using ZipDirectory = std::map<std::string, ZipEntry, std::less<>>;

/// Whether the bytes end as a zip archive does (end-of-central-directory record, comment).
bool has_zip_end(std::span<const std::byte> bytes);

/// Every entry lies inside the file and before the directory, no two overlap, names are unique, local headers agree.
/// Error(input, or unsupported for encrypted or split archives) with place, expected and found; the caller adds the path.
ZipDirectory read_zip_directory(std::span<const std::byte> bytes, std::uint64_t max_entries);

/// The bytes of an entry. Error(input) if their CRC-32 is not the directory's, Error(unsupported) if it is compressed.
std::span<const std::byte> checked_entry_bytes(std::span<const std::byte> bytes, const ZipEntry& entry);

/// The content of an entry: where it lies in the file, or unpacked.
struct ZipContent {
  std::vector<std::byte> unpacked;
  std::span<const std::byte> bytes;  ///< of the file or of `unpacked`
};
/// Stored or deflated. Error(input) as above, and where the entry does not unpack to exactly `content_size` bytes, of which there can
/// be at most 1032 for each byte in the file; Error(unsupported) for other methods.
ZipContent read_zip_entry(std::span<const std::byte> bytes, const ZipEntry& entry);

/// What local headers tell of an archive whose end is missing.
struct ZipSurvey {
  std::map<std::string, ZipEntry, std::less<>> complete;
  std::optional<ZipEntry> last;  ///< the last complete one
  std::optional<ZipEntry> cut;   ///< begun and not complete; `size` only if the header tells (else 0), `name` may be empty
};
/// Walks the local headers from the start, as far as they go. Never fails.
ZipSurvey survey_zip(std::span<const std::byte> bytes);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Files and folders that a command needs for a while: they lie in the system's folder for temporary files (TMPDIR, else /tmp) and are
// removed afterwards.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>

namespace nibble {

/// The folder that TMPDIR names, or /tmp where it is not set. Error(environment) naming it where it is no folder.
std::filesystem::path folder_for_temporaries();
/// Whether a file lies in a TemporaryFolder, of this process or another.
bool is_in_temporary_folder(const std::filesystem::path& file);

/// A new empty folder, removed with all that is in it when the scope ends. Error(environment) naming TMPDIR if it cannot be made. What a
/// killed process of this user left behind is removed when another makes its own, from a minute later on.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int lock_ = -1;  ///< a descriptor of the folder, locked (flock) while it is in use; -1 where the file system cannot
};

using OpenFile = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
/// Opens a new file for reading and writing that has no name, so that a killed process leaves nothing behind. Errors as TemporaryFolder.
OpenFile open_temporary_file();
/// Writes into an open file from an offset on, or reads all `bytes` from there, whatever its position is; safe from several threads at
/// once. False where the system refuses or there are not as many bytes, with the reason in errno.
bool write_at(std::FILE* file, std::int64_t offset_bytes, std::span<const std::byte> bytes);
bool read_at(std::FILE* file, std::int64_t offset_bytes, std::span<std::byte> bytes);

}  // namespace nibble

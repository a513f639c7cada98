// SPDX-License-Identifier: Apache-2.0
// What a command needs for a while and nobody else: in the system's folder for temporary files (TMPDIR, else /tmp), gone afterwards.
#pragma once
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>

namespace nibble {

/// TMPDIR, else /tmp. Error(environment) naming it if it is no folder.
std::filesystem::path folder_for_temporaries();

/// A new empty folder, removed with all that is in it when the scope ends. Error(environment) naming TMPDIR if it cannot be made.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

using OpenFile = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
/// For reading and writing, without a name: a killed process leaves nothing. Errors as TemporaryFolder.
OpenFile open_temporary_file();
/// Gives the disk space under whole blocks of a part of it back before it is closed; it reads as zeros then. False where the file
/// system cannot.
bool free_part(std::FILE* file, std::int64_t offset_bytes, std::int64_t bytes);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// One process at a time in a folder.
#pragma once
#include <filesystem>

namespace nibble {

/// Held while it lives; the system lets go of it when the process ends, however it ends. Error(usage) when another process
/// holds it, Error(environment) when the lock file cannot be made.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace nibble

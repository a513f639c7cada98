// SPDX-License-Identifier: Apache-2.0
#include "base/file_identity.h"

#include <sys/stat.h>

namespace nibble {

std::optional<FileIdentity> identity_of(const std::filesystem::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileIdentity{found.st_dev, found.st_ino};
}

}  // namespace nibble

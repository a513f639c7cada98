// SPDX-License-Identifier: Apache-2.0
#include "run/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "nibble/error.h"

namespace nibble {

FolderLock::FolderLock(const std::filesystem::path& folder) {
  const auto file = folder / ".lock";
  descriptor_ = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  if (descriptor_ < 0)
    throw Error(ErrorKind::environment,
                fmt::format("cannot lock run: {}: {}; check permissions and space", file.string(), std::strerror(errno)));
  // A file system without locks (ENOLCK, ENOSYS) only loses this protection.
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(descriptor_);
  throw Error(ErrorKind::usage,
              fmt::format("run is in use: {}: another nibble is working on it; wait for it, or choose another --run-id", folder.string()));
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "base/temporary.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const std::string& folder, const std::string& reason) {
  throw Error(ErrorKind::environment,
              fmt::format("temporary files: {}: {}; set TMPDIR to a folder that can be written to", folder, reason));
}

/// For mkdtemp and mkstemp, which fill in the end.
std::string name_template() { return (folder_for_temporaries() / "nibble-XXXXXX").string(); }

/// "nibble-" and six letters or digits, as mkdtemp makes them.
bool is_own_name(const std::string& name) {
  constexpr std::string_view kBegin = "nibble-";
  constexpr std::size_t kRandom = 6;
  return name.size() == kBegin.size() + kRandom && name.starts_with(kBegin) &&
         std::all_of(name.end() - kRandom, name.end(), [](unsigned char letter) { return std::isalnum(letter) != 0; });
}

/// Locks a folder as in use. -1 where it is, or cannot be told.
int lock_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return -1;
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

/// Nobody's any more: of this user, not just made, and not locked.
void remove_abandoned(const fs::path& folder) {
  constexpr std::time_t kJustMadeSeconds = 60;
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::geteuid()) return;
  if (::time(nullptr) - status.st_mtime < kJustMadeSeconds) return;
  const int lock = lock_folder(folder);
  if (lock < 0) return;
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  ::close(lock);
}

void remove_all_abandoned(const fs::path& parent) {
  std::error_code error;
  for (fs::directory_iterator it(parent, fs::directory_options::skip_permission_denied, error), end; !error && it != end;
       it.increment(error))
    if (is_own_name(it->path().filename().string())) remove_abandoned(it->path());
}

/// Once for each folder: /tmp may hold thousands of names.
void remove_abandoned_once(const fs::path& parent) {
  static std::mutex mutex;
  static std::set<std::string> seen;
  {
    const std::lock_guard lock(mutex);
    if (!seen.insert(parent.string()).second) return;
  }
  remove_all_abandoned(parent);
}

}  // namespace

fs::path folder_for_temporaries() {
  std::error_code code;
  fs::path folder = fs::temp_directory_path(code);
  if (!code) return folder;
  const char* named = std::getenv("TMPDIR");
  fail(named ? named : "/tmp", code.message());
}

bool is_in_temporary_folder(const fs::path& file) {
  std::error_code code;
  const auto folder = file.parent_path();
  return is_own_name(folder.filename().string()) && fs::equivalent(folder.parent_path(), fs::temp_directory_path(code), code);
}

TemporaryFolder::TemporaryFolder() {
  std::string name = name_template();
  remove_abandoned_once(fs::path(name).parent_path());
  if (!mkdtemp(name.data())) fail(fs::path(name).parent_path().string(), std::strerror(errno));
  path_ = name;
  lock_ = lock_folder(path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

OpenFile open_temporary_file() {
  std::string name = name_template();
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) fail(fs::path(name).parent_path().string(), std::strerror(errno));
  ::unlink(name.c_str());
  OpenFile file(::fdopen(descriptor, "w+b"), std::fclose);
  if (file) return file;
  const int reason = errno;
  ::close(descriptor);
  fail(fs::path(name).parent_path().string(), std::strerror(reason));
}

bool write_at(std::FILE* file, std::int64_t offset_bytes, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(::fileno(file), bytes.data(), bytes.size(), offset_bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    offset_bytes += written;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

bool read_at(std::FILE* file, std::int64_t offset_bytes, std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::pread(::fileno(file), bytes.data(), bytes.size(), offset_bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EIO;  // the file is shorter
    if (got <= 0) return false;
    offset_bytes += got;
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// A library to be preloaded (LD_PRELOAD) that plays a power cut on a file system that keeps only what was synced. At the rename whose
// number NIBBLE_POWER_CUT_AT says (1: the first), within the folder NIBBLE_POWER_CUT_ROOT, the process ends as by SIGKILL, and
// - each file that was changed since this process began and not synced since is emptied, as ext4 and XFS leave files behind whose blocks
//   were not written yet (the order of fsync(2) and rename(2): Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014);
// - each new name that was given by rename and whose folder was not synced since is gone, unless NIBBLE_POWER_CUT_KEEPS_NAMES is set:
//   file systems may write names before content.
// Folders stay. A name that replaced an older file keeps the new file. One thread writes at a time in what is tested; others only read.
#include <dlfcn.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace {

using Inode = std::pair<dev_t, ino_t>;
struct Content {
  off_t bytes = 0;
  timespec changed{};
  friend bool operator==(const Content& a, const Content& b) {
    return a.bytes == b.bytes && a.changed.tv_sec == b.changed.tv_sec && a.changed.tv_nsec == b.changed.tv_nsec;
  }
};

struct Disk {
  std::mutex mutex;
  timespec began{};
  long renames_left = 0;
  std::string root;
  std::map<Inode, Content> synced;
  std::set<std::string> new_names;  ///< whose folder was not synced since
};

Inode inode_of(const struct stat& status) { return {status.st_dev, status.st_ino}; }
Content content_of(const struct stat& status) { return {status.st_size, status.st_mtim}; }

Disk& disk() {
  static Disk* const instance = [] {
    auto* made = new Disk;
    clock_gettime(CLOCK_REALTIME_COARSE, &made->began);  // the clock of the file times
    const char* at = std::getenv("NIBBLE_POWER_CUT_AT");
    const char* root = std::getenv("NIBBLE_POWER_CUT_ROOT");
    if (at && root) {
      made->renames_left = std::atol(at);
      made->root = std::string(root) + "/";
    }
    return made;
  }();
  return *instance;
}

[[gnu::constructor]] void note_the_beginning() { disk(); }

std::string absolute(const char* path) {
  if (path[0] == '/') return path;
  char* const folder = ::getcwd(nullptr, 0);
  std::string result = std::string(folder) + "/" + path;
  std::free(folder);
  return result;
}

int empty_if_not_synced(const char* path, const struct stat* status, int type, FTW*) {
  if (type != FTW_F) return 0;
  const auto& [seconds, nanoseconds] = status->st_mtim;
  const bool is_older = seconds < disk().began.tv_sec || (seconds == disk().began.tv_sec && nanoseconds < disk().began.tv_nsec);
  const auto found = disk().synced.find(inode_of(*status));
  if (is_older || (found != disk().synced.end() && found->second == content_of(*status))) return 0;
  return ::truncate(path, 0);
}

[[noreturn]] void cut() {
  if (!std::getenv("NIBBLE_POWER_CUT_KEEPS_NAMES"))
    for (const auto& name : disk().new_names) ::unlink(name.c_str());
  if (::nftw(disk().root.c_str(), empty_if_not_synced, 16, FTW_PHYS) != 0) ::abort();
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

}  // namespace

extern "C" [[gnu::visibility("default")]] int fsync(int descriptor) {
  static const auto real = reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, "fsync"));
  const int result = real(descriptor);
  struct stat status {};
  if (result != 0 || ::fstat(descriptor, &status) != 0) return result;
  const std::lock_guard lock(disk().mutex);
  disk().synced[inode_of(status)] = content_of(status);
  if (!S_ISDIR(status.st_mode)) return result;
  std::erase_if(disk().new_names, [&](const std::string& name) {
    struct stat folder {};
    return ::stat(name.substr(0, name.rfind('/')).c_str(), &folder) == 0 && inode_of(folder) == inode_of(status);
  });
  return result;
}

extern "C" [[gnu::visibility("default")]] int rename(const char* from, const char* to) noexcept {
  static const auto real = reinterpret_cast<int (*)(const char*, const char*)>(::dlsym(RTLD_NEXT, "rename"));
  const std::string target = absolute(to);
  const std::lock_guard lock(disk().mutex);
  if (disk().root.empty() || !target.starts_with(disk().root)) return real(from, to);
  const bool is_new = ::access(target.c_str(), F_OK) != 0;
  const int result = real(from, to);
  if (result == 0 && is_new) disk().new_names.insert(target);
  if (--disk().renames_left == 0) cut();
  return result;
}

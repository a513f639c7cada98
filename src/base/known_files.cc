// SPDX-License-Identifier: Apache-2.0
#include "base/known_files.h"

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

namespace nibble {
namespace {

using Identity = std::array<std::int64_t, 5>;

std::optional<Identity> identity_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Identity{static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino), status.st_size, status.st_mtim.tv_sec,
                  status.st_mtim.tv_nsec};
}

struct KnownFiles {
  std::mutex mutex;
  std::set<Identity> files;
  std::set<std::pair<Identity, std::string>> uses;
};

KnownFiles& known() {
  static KnownFiles instance;
  return instance;
}

}  // namespace

void remember_known_file(const std::filesystem::path& path) {
  const auto identity = identity_of(path);
  if (!identity) return;
  const std::lock_guard lock(known().mutex);
  known().files.insert(*identity);
}

bool is_known_file(const std::filesystem::path& path) {
  const auto identity = identity_of(path);
  if (!identity) return false;
  const std::lock_guard lock(known().mutex);
  return known().files.contains(*identity);
}

void remember_known_use(const std::filesystem::path& path, const std::string& use) {
  const auto identity = identity_of(path);
  if (!identity) return;
  const std::lock_guard lock(known().mutex);
  known().uses.emplace(*identity, use);
}

bool is_known_use(const std::filesystem::path& path, const std::string& use) {
  const auto identity = identity_of(path);
  if (!identity) return false;
  const std::lock_guard lock(known().mutex);
  return known().files.contains(*identity) || known().uses.contains({*identity, use});
}

}  // namespace nibble

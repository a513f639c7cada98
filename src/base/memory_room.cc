// SPDX-License-Identifier: Apache-2.0
#include "base/memory_room.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "base/size_text.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

/// The first number of a small file; nothing where it cannot be read or says "max".
std::optional<std::int64_t> number_in(const fs::path& file) {
  std::ifstream stream(file);
  std::int64_t number = 0;
  return stream >> number ? std::optional(number) : std::nullopt;
}

/// A value of memory.stat, "name 123" in each line; 0 where it is not there.
std::int64_t stat_in(const fs::path& folder, const std::string& name) {
  std::ifstream stream(folder / "memory.stat");
  std::string found;
  for (std::int64_t value = 0; stream >> found >> value;)
    if (found == name) return value;
  return 0;
}

struct GroupFiles {
  const char *limit, *used, *cache;
};
constexpr GroupFiles kVersion2 = {"memory.max", "memory.current", "inactive_file"};
constexpr GroupFiles kVersion1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};

std::optional<MemoryRoom> room_in(const fs::path& folder, const GroupFiles& files) {
  constexpr std::int64_t kNoLimit = std::int64_t{1} << 60;  // version 1 says so by a number near the largest one
  const auto limit = number_in(folder / files.limit), used = number_in(folder / files.used);
  if (!limit || !used || *limit >= kNoLimit) return std::nullopt;
  return MemoryRoom{*limit - *used + std::min(stat_in(folder, files.cache), *used),
                    fmt::format("the control group's memory limit of {} ({})", size_text(*limit), (folder / files.limit).string())};
}

void take_tighter(std::optional<MemoryRoom>& tightest, const std::optional<MemoryRoom>& other) {
  if (other && (!tightest || other->bytes < tightest->bytes)) tightest = other;
}

/// From the group itself up to the root, at which a container sees its own limit.
void take_limits(std::optional<MemoryRoom>& tightest, const fs::path& root, fs::path group, const GroupFiles& files) {
  group = group.relative_path();
  while (true) {
    take_tighter(tightest, room_in(root / group, files));
    if (group.empty()) return;
    group = group.parent_path();
  }
}

}  // namespace

std::optional<MemoryRoom> address_space_room() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  const auto pages = number_in("/proc/self/statm").value_or(0);
  const auto bytes = static_cast<std::int64_t>(limit.rlim_cur);
  return MemoryRoom{bytes - pages * ::sysconf(_SC_PAGESIZE), fmt::format("the limit on address space (ulimit -v {})", bytes / 1024)};
}

std::optional<MemoryRoom> control_group_room(const fs::path& root, const fs::path& groups) {
  std::optional<MemoryRoom> tightest;
  std::ifstream stream(groups);
  // "0::/path" is version 2; "4:memory:/path" version 1, mounted in a folder of its own.
  for (std::string line; std::getline(stream, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1), group = line.substr(second + 1);
    if (controllers.empty()) take_limits(tightest, root, group, kVersion2);
    if (controllers.empty()) take_limits(tightest, root / "unified", group, kVersion2);
    if (("," + controllers + ",").find(",memory,") != std::string::npos) take_limits(tightest, root / "memory", group, kVersion1);
  }
  return tightest;
}

void require_memory(const std::string& what, std::int64_t address_space_bytes, std::int64_t memory_bytes) {
  const auto require = [&](const std::optional<MemoryRoom>& room, std::int64_t needed, const char* of) {
    if (!room || room->bytes >= needed) return;
    throw Error(ErrorKind::environment,
                fmt::format("not enough memory: {}: needs {} of {}, {} are left under {}; raise the limit, or take fewer threads", what,
                            size_text(needed), of, size_text(std::max<std::int64_t>(room->bytes, 0)), room->limit));
  };
  require(address_space_room(), address_space_bytes, "address space");
  require(control_group_room(), memory_bytes, "memory");
}

}  // namespace nibble

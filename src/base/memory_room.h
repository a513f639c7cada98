// SPDX-License-Identifier: Apache-2.0
// How much memory this process may still take. Some libraries wait for ever where an allocation fails (OpenBLAS tries again without end),
// so that whether there is enough must be known before they are loaded.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace nibble {

struct MemoryRoom {
  std::int64_t bytes = 0;
  std::string limit;  ///< what sets it: "ulimit -v 500000", "cgroup memory limit of 512.00 MB (/sys/fs/cgroup/...)"
};

/// Address space left under RLIMIT_AS; nothing where there is no limit.
std::optional<MemoryRoom> address_space_room();
/// Memory left under the tightest limit of this process' control groups (version 1 and 2, from its own up to the root), page cache that the
/// kernel gives back counted as free; nothing where there is no limit. `root` is where control groups are mounted, `groups` the file that
/// lists those of the process.
std::optional<MemoryRoom> control_group_room(const std::filesystem::path& root = "/sys/fs/cgroup",
                                             const std::filesystem::path& groups = "/proc/self/cgroup");

/// Error(environment) saying what is needed, what there is and under which limit, where less than these bytes are left.
void require_memory(const std::string& what, std::int64_t address_space_bytes, std::int64_t memory_bytes);

}  // namespace nibble

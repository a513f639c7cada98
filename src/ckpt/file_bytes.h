// SPDX-License-Identifier: Apache-2.0
// The bytes of a file, read only, without copying them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace nibble {

/// Copying shares. `path` names the bytes in messages.
struct FileBytes {
  std::filesystem::path path;
  std::shared_ptr<const void> owner;
  std::span<const std::byte> bytes;

  std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

/// Memory-maps a regular file. Error(input) naming the path and the system's reason, or the limit and the size.
/// A file that another program shortens while it is mapped ends this process (SIGBUS); nothing short of copying helps.
FileBytes map_file(const std::filesystem::path& path, std::uint64_t max_bytes);
FileBytes hold_bytes(std::string content, const std::filesystem::path& name);

}  // namespace nibble

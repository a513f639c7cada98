// SPDX-License-Identifier: Apache-2.0
// The bytes of a file in memory, read only.
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

/// Reads a regular file into memory: a mapped one would end this process (SIGBUS) when another program shortens it. Error(input) naming the
/// path and the system's reason, the limit and the size, or that it became shorter; Error(environment) where memory does not suffice.
FileBytes read_bytes(const std::filesystem::path& path, std::uint64_t max_bytes);
/// The same of bytes that are there already; `name` stands for the path.
FileBytes hold_bytes(std::string content, const std::filesystem::path& name);

}  // namespace nibble

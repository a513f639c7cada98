// SPDX-License-Identifier: Apache-2.0
// Files that stand for others until they are whole, and what killed writers leave of them.
#pragma once
#include <filesystem>

namespace nibble {

/// A name beside `path` that no other writer of this or another process uses: "<path>.<process>-<count>.part".
std::filesystem::path temporary_beside(const std::filesystem::path& path);

/// Removes what killed writers of this machine left in the folder, not below it: files named by temporary_beside whose process is no more.
/// write_file does so once for each folder. What cannot be read or removed stays.
void remove_leftovers(const std::filesystem::path& folder);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Which files this process has made or found harmless: they need no trial before they are used.
#pragma once
#include <filesystem>

namespace nibble {

/// Remembers the file as it is now: its device, inode, size and time of change, so that a renamed file is still known and an overwritten
/// one is not. A file that is not there is not remembered.
void remember_known_file(const std::filesystem::path& path);
bool is_known_file(const std::filesystem::path& path);

}  // namespace nibble

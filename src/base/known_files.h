// SPDX-License-Identifier: Apache-2.0
// Which files this process has made or found harmless: they need no trial before they are used.
#pragma once
#include <filesystem>
#include <string>

namespace nibble {

/// Remembers the file as it is now: its device, inode, size and time of change, so that a renamed file is still known and an overwritten
/// one is not. A file that is not there is not remembered.
void remember_known_file(const std::filesystem::path& path);
/// Whether it was remembered for every use.
bool is_known_file(const std::filesystem::path& path);

/// The same for one use of the file, a text that names it: what is harmless in one use may not be in another.
void remember_known_use(const std::filesystem::path& path, const std::string& use);
/// Also true of a file that is known for every use.
bool is_known_use(const std::filesystem::path& path, const std::string& use);

}  // namespace nibble

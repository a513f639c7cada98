// SPDX-License-Identifier: Apache-2.0
// Checks that a command does not write where it must not.
#pragma once
#include <filesystem>
#include <vector>

namespace nibble {

/// Error(usage) when `output` is one of `others` (what the command reads, or writes as well), by whatever name: writing it
/// would destroy that file. Empty paths are none.
void refuse_same_file(const std::filesystem::path& output, const std::vector<std::filesystem::path>& others);

/// Error(usage) where `folder` exists and is not a folder.
void require_can_be_folder(const std::filesystem::path& folder);

}  // namespace nibble

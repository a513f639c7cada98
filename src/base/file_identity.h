// SPDX-License-Identifier: Apache-2.0
// Whether two names are names of one file, for many files at once.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

namespace nibble {

/// Device and number: the same for all names of a file, links followed.
using FileIdentity = std::pair<std::uint64_t, std::uint64_t>;

/// Nothing where no file is there, or it cannot be looked at.
std::optional<FileIdentity> identity_of(const std::filesystem::path& path);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Bytes of an image file, looked at before the decoder sees them.
#pragma once
#include <array>
#include <filesystem>
#include <string>

namespace nibble {

/// Error(input) naming the file when it is missing, empty, too large or a JPEG without its end marker.
std::string read_image_file(const std::filesystem::path& path);

/// Error(input) naming the file.
[[noreturn]] void refuse_image(const std::filesystem::path& path, const std::string& why);

/// The module libnibble_image.so (base/module.h), and room for its reasons.
inline constexpr const char* kImageIsland = "nibble_image";
using IslandReason = std::array<char, 512>;

}  // namespace nibble

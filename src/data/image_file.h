// SPDX-License-Identifier: Apache-2.0
// Reads the bytes of an image file and checks them before the decoder sees them.
#pragma once
#include <array>
#include <filesystem>
#include <string>

namespace nibble {

/// The bytes of the file. Error(input) naming it where it is missing, empty, too large or a JPEG without its end
/// marker of which the decoder could not tell whether pixels are missing (data/jpeg_end.h); of one that it can, there is a warning.
std::string read_image_file(const std::filesystem::path& path);

/// Whether the extension is one of an image that is read: .jpg, .jpeg, .png, .bmp, .webp, .tif, .tiff, .mpo in any case of letters.
bool is_image_name(const std::filesystem::path& path);

/// Throws Error(input) naming the file and why it is refused.
[[noreturn]] void refuse_image(const std::filesystem::path& path, const std::string& why);

/// The name of the module libnibble_image.so (base/loadable_module.h), and room for the reasons that it gives as C strings.
inline constexpr const char* kImageModule = "nibble_image";
using ModuleReason = std::array<char, 512>;

}  // namespace nibble

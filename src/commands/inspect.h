// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

namespace nibble {

std::string inspect_checkpoint(const std::filesystem::path& file, bool json);
std::string inspect_onnx(const std::filesystem::path& file, bool json);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Where in a YAML file a setting stands, for messages about it.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

namespace nibble {

/// "file.yaml:12:5": the file, and line and column (from 1) of the key at a path like "weights.bits", or of the list item at
/// "rules[1]" or "names.3". The file alone where nothing stands at that path, and where the file cannot be read or is no YAML.
/// It reads the file again: for errors, which happen once.
std::string yaml_place(const std::filesystem::path& file, std::string_view path);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// What a consumer would do with a file, told from a table.
#pragma once
#include <filesystem>
#include <string>

namespace nibble {

/// Of an ONNX file in ONNX Runtime `version` ("1.24"; "1.24.1"; empty: the newest one in the table): the nodes that the consumer has no
/// kernel for, as text or JSON. Consumers: "ort-cuda". Error(usage) for an unknown consumer or version, Error(input) as inspect.
std::string inspect_for_target(const std::filesystem::path& file, const std::string& target, const std::string& version, bool json);

}  // namespace nibble

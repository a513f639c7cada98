// SPDX-License-Identifier: Apache-2.0
// The consumers of quantised files, and what one of them would do with a file, told from a table.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace nibble {

/// What QuantizeOptions::target may be: "ort-cpu", "ort-cuda", "tensorrt", "openvino", "qnn", "litert", "brevitas".
std::vector<std::string> target_names();

/// Of an ONNX file in ONNX Runtime `version` ("1.24"; "1.24.1"; empty: the newest one in the table): the nodes that the consumer has no
/// kernel for, as text or JSON. Consumers: "ort-cuda". Error(usage) for an unknown consumer or version, Error(input) as inspect.
std::string inspect_for_target(const std::filesystem::path& file, const std::string& target, const std::string& version, bool json);

}  // namespace nibble

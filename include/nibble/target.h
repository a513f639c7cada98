// SPDX-License-Identifier: Apache-2.0
// The consumers of quantised files, and what one of them would do with a file, told from a table.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "nibble/visibility.h"

namespace nibble {

/// Nodes of one kind without a kernel.
struct MissingKernel {
  std::string op;                  ///< "Resize".
  std::string why;                 ///< "opset 21: from ONNX Runtime 1.25.0 on".
  bool throws = false;             ///< A kernel is registered, and throws when it runs; otherwise the nodes run on the CPU.
  std::vector<std::string> nodes;  ///< Names; of the output where a node has none.
};

struct TargetInspection {
  std::filesystem::path file;
  std::string target;                         ///< "ort-cuda".
  std::string version;                        ///< Of the consumer: "1.24", as it was asked for, or the newest one in the table.
  std::string source;                         ///< Where the table comes from, as half a sentence.
  std::vector<MissingKernel> without_kernel;  ///< Empty: every node has one.
};

/// What QuantizeOptions::target may be: "ort-cpu", "ort-cuda", "tensorrt", "openvino", "qnn", "litert", "brevitas".
NIBBLE_EXPORT std::vector<std::string> target_names();

/// Of an ONNX file in ONNX Runtime `version` ("1.24"; "1.24.1"; empty: the newest one in the table): the nodes that the consumer has no
/// kernel for; nothing is run. Consumers: "ort-cuda". Throws Error(usage) for an unknown consumer or version, Error(input) as inspect.
NIBBLE_EXPORT TargetInspection inspect_for_target(const std::filesystem::path& file, const std::string& target, const std::string& version);

}  // namespace nibble

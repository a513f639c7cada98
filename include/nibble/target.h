// SPDX-License-Identifier: Apache-2.0
// The consumers of quantised files, and what one of them would do with a file, told from tables.
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

/// Nodes that break one rule of a consumer.
struct RefusedNodes {
  std::string op;                  ///< "DequantizeLinear of weights".
  std::string why;                 ///< "their zero points must be 0".
  std::vector<std::string> nodes;  ///< Names; of the output where a node has none.
};

struct TargetInspection {
  std::filesystem::path file;
  std::string target;                         ///< "ort-cuda".
  std::string consumer;                       ///< "ONNX Runtime's CUDA provider".
  std::string version;                        ///< Of ONNX Runtime, for "ort-cuda": "1.24" as asked for, or the newest in the table.
  std::string source;                         ///< Whether the rules were run or only read, and where, as half a sentence.
  std::vector<RefusedNodes> refused;          ///< By the rules that QuantizeOptions::target writes files by. Empty: nothing is refused.
  std::vector<MissingKernel> without_kernel;  ///< For "ort-cuda". Empty: every node has one.
};

/// What QuantizeOptions::target may be: "ort-cpu", "ort-cuda", "tensorrt", "openvino", "qnn", "litert", "brevitas".
NIBBLE_EXPORT std::vector<std::string> target_names();

/// What a consumer refuses of an ONNX file; nothing is run. For "ort-cuda" also the nodes without a kernel in ONNX Runtime `version`
/// ("1.24"; "1.24.1"; empty: the newest one in the table). Throws Error(usage) for an unknown consumer or version, and for a version with
/// another consumer, Error(input) as inspect.
NIBBLE_EXPORT TargetInspection inspect_for_target(const std::filesystem::path& file, const std::string& target, const std::string& version);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// What an ONNX file holds, ours or not: for `nibble inspect` and for gates ("no layer skipped").
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "export/byte_ledger.h"
#include "nibble/inspect.h"

namespace nibble {

/// Error(input) naming the file and what is wrong (not protobuf, no graph, external data missing).
OnnxSummary summarize_onnx(const std::filesystem::path& path);
/// The same of a model already read (onnx_file.h); file_bytes stays 0.
OnnxSummary summarize_onnx(const onnx::ModelProto& model);

}  // namespace nibble

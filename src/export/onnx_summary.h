// SPDX-License-Identifier: Apache-2.0
// Summarises what an ONNX file holds, whoever wrote it, for `nibble inspect` and for the checks of a run.
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

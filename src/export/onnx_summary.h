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

namespace nibble {

struct OnnxLayer {  ///< one Conv, MatMul or Gemm with constant weights
  std::string name;
  std::string op;
  int weight_bits = 32;      ///< from initialiser type, Clip bounds, and what decodes packed codes (unpack_chain.h)
  std::string granularity;   ///< "float", "tensor", "channel", "block 32"
  int activation_bits = 0;   ///< 0: float input
  bool unpacked = false;     ///< decoded by operators that a runtime folds when it loads the file (unpack_chain.h)
  std::int64_t weights = 0;  ///< elements
  std::int64_t bytes = 0;    ///< of the weight initialiser, scales and zero points as stored
  std::int64_t weight_bytes = 0, scale_bytes = 0, zero_point_bytes = 0, bias_bytes = 0;
};
struct OnnxTensor {
  std::string name;
  std::string dtype;
  std::vector<std::string> shape;  ///< extents or symbolic names
};
struct OnnxSummary {
  std::int64_t ir_version = 0;
  std::int64_t opset = 0;
  std::string producer;
  std::map<std::string, std::string> metadata;
  std::vector<OnnxTensor> inputs, outputs;
  std::map<std::string, int> op_counts;  ///< "QuantizeLinear" -> 82
  std::vector<OnnxLayer> layers;
  std::vector<ByteRow> ledger;  ///< adds up to the size of the file
  std::int64_t file_bytes = 0;
};

/// Error(input) naming the file and what is wrong (not protobuf, no graph, external data missing).
OnnxSummary summarize_onnx(const std::filesystem::path& path);
/// The same of a model already read (onnx_file.h); file_bytes stays 0.
OnnxSummary summarize_onnx(const onnx::ModelProto& model);

}  // namespace nibble

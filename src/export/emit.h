// SPDX-License-Identifier: Apache-2.0
// Writes a Graph as an ONNX file.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace nibble {

/// How quantised weights are written. The integers are the same in all dialects.
enum class Dialect {
  qcdq,     ///< Brevitas 0.12: opset 13, IR 7; int8 initialiser -> Clip (below 8 bits) -> DequantizeLinear; see docs/formats.md
  int4,     ///< opset 21, IR 10: packed INT4 initialiser (INT8 above 4 bits) -> DequantizeLinear, no Clip
  unpack,   ///< opset 18, IR 8: uint8 initialiser, two codes a byte, decoded by operators that runtimes fold; see unpack_chain.h
  integer,  ///< as int4, with Cast to INT8 behind INT4: integer kernels want bytes, and a runtime folds the Cast. For to_integer()
};

struct EmitOptions {
  Dialect dialect = Dialect::qcdq;
  int opset = 0;      ///< 13..21, or 0 for the dialect's own (resolved_opset)
  bool clips = true;  ///< qcdq: whether codes of fewer than 8 bits go through a Clip to their range, which changes no number
  std::map<std::string, std::string> metadata;
  std::string producer_version;
};

/// The opset that a file gets where `requested` was asked for: that one, or the dialect's own where it is 0. Error(usage) naming the
/// possible range where the dialect cannot be written with it.
int resolved_opset(Dialect dialect, int requested);

/// Verifies the graph, then serialises it to the file (written then renamed); streaming, without a second copy of the weights in memory.
/// qcdq prints as Brevitas does, with shared scalars repeated and Constant nodes for Clip bounds; the cleaned form is
/// clean_model's (cleanup.h).
void emit_model(const Graph& graph, const EmitOptions& options, const std::filesystem::path& path);

}  // namespace nibble

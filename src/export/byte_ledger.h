// SPDX-License-Identifier: Apache-2.0
// Accounts for every byte of an ONNX file: initialisers by what they are for, then text and structure.
#pragma once
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <vector>

#include "nibble/inspect.h"

namespace nibble {

/// Rows in falling order of bytes; together they are the file's size exactly. Data of initialisers (and of Constant nodes) counts for
/// its first reader: weights (of Conv, MatMul, Gemm) by stored type, scales, zero points, Clip bounds, biases, other constants by size:
/// those of at least 4 KiB by name, for they are what can be looked at. The rest is names (of nodes, values and initialisers), metadata,
/// doc strings, shapes of inner values, and structure: everything else protobuf writes, such as attributes, dims and lengths. An external
/// file's bytes are not in the file and not counted.
std::vector<ByteRow> byte_ledger(const onnx::ModelProto& model);

}  // namespace nibble

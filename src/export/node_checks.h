// SPDX-License-Identifier: Apache-2.0
// What no runtime may be given: numbers of a node that it divides by.
#pragma once
#include <onnx/onnx_pb.h>

#include <filesystem>

namespace nibble {

/// Error(input) naming file and node: a stride, dilation, kernel extent, group count or block size below 1, or an integer division of
/// constants by 0, or of the least number by -1 (ONNX operator specification: Conv, MaxPool, DepthToSpace, Div, Mod). Bodies of If, Loop
/// and Scan are checked too.
void check_nodes(const onnx::GraphProto& graph, const std::filesystem::path& path);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Which nodes of a file ONNX Runtime's CUDA provider has no kernel for, by version. Read in the kernel registrations of the released
// wheels 1.20.2 to 1.31.1; nothing was run.
#pragma once
#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

#include "nibble/target.h"

namespace nibble {

struct RuntimeVersion {
  int major = 0, minor = 0, patch = 0;
  auto operator<=>(const RuntimeVersion&) const = default;
};
/// The first and the last one that were read.
inline constexpr RuntimeVersion kFirstRead{1, 20, 0}, kLastRead{1, 31, 1};
std::string text_of(const RuntimeVersion& version);
/// "1.24.1"; "1.24" is its last release. Error(usage) for anything else, or before the first that was read. A later one than the last that
/// was read has that one's kernels, as far as is known.
RuntimeVersion parse_runtime_version(const std::string& text);

/// Nodes that compute on constants alone are left out, for they are folded when the file is loaded; DequantizeLinear is not.
std::vector<MissingKernel> missing_cuda_kernels(const onnx::ModelProto& model, const RuntimeVersion& version);

}  // namespace nibble

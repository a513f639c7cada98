// SPDX-License-Identifier: Apache-2.0
// Weights that lie in a file beside the model (ONNX, docs/ExternalData.md).
#pragma once
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <string>

namespace nibble {

/// The file of an external tensor, which must lie in the model's folder or below it, whatever links lead there. Error(input) naming
/// `where` for a place outside, or a file that is missing.
std::filesystem::path external_file(const onnx::TensorProto& tensor, const std::filesystem::path& model, const std::string& where);

/// Error(usage) where `output` is one of the files that the model's weights lie in.
void refuse_external_file(const onnx::ModelProto& model, const std::filesystem::path& path, const std::filesystem::path& output);

/// Reads all external initialisers and Constant tensors of the main graph into the model; returns how many. Error(input) naming the
/// tensor where offset or length do not fit its file or shape; Error(unsupported) where the model would exceed the 2 GB that one
/// file can hold.
int take_in_external_data(onnx::ModelProto& model, const std::filesystem::path& path);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// ONNX files as input: untrusted bytes become a checked ModelProto, and names become places in it.
#pragma once
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/tensor.h"

namespace nibble {

/// Error(input) naming the file and what is wrong: not protobuf, truncated, no graph, no opset, an initialiser whose
/// bytes do not fit its shape, external data that is missing or lies outside the model's folder.
onnx::ModelProto read_onnx(const std::filesystem::path& path);
/// The same from a stream; `path` is for messages and the place of external data.
onnx::ModelProto parse_onnx(std::istream& in, const std::filesystem::path& path);
/// Written then renamed.
void write_onnx(const onnx::ModelProto& model, const std::filesystem::path& path);

/// Where names of the main graph come from. Borrows the graph, which must not change meanwhile.
struct OnnxIndex {
  explicit OnnxIndex(const onnx::GraphProto& graph);
  /// nullptr when the name is not an initialiser or a Constant node's tensor.
  const onnx::TensorProto* constant(const std::string& name) const;
  const onnx::NodeProto* producer(const std::string& name) const;

 private:
  std::unordered_map<std::string, const onnx::TensorProto*> constants_;
  std::unordered_map<std::string, const onnx::NodeProto*> producers_;
};

/// Extents and their product. Error(input) on negative or overflowing ones; `where` is named.
Shape shape_of(const onnx::TensorProto& tensor, const std::string& where);
/// Bytes the elements need, packed types included; 0 for types of unknown width.
std::int64_t stored_bytes(const onnx::TensorProto& tensor, const std::string& where);
bool is_external(const onnx::TensorProto& tensor);

/// The default domain's opset; Error(input) without one.
std::int64_t opset_of(const onnx::ModelProto& model, const std::string& where);
/// nullptr when the node has no such attribute.
const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, std::string_view name);
std::int64_t int_attribute(const onnx::NodeProto& node, std::string_view name, std::int64_t fallback);

}  // namespace nibble

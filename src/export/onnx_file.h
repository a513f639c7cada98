// SPDX-License-Identifier: Apache-2.0
// Reads ONNX files: untrusted bytes become a checked ModelProto, and names lead to places in it.
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
/// Writes the file under another name, then renames it. Error(environment) naming the path where it cannot be written.
void write_onnx(const onnx::ModelProto& model, const std::filesystem::path& path);

/// Finds, by name, where values of the main graph come from. The graph is not copied and must not change meanwhile.
struct OnnxIndex {
  explicit OnnxIndex(const onnx::GraphProto& graph);
  /// nullptr when the name is not an initialiser or a Constant node's tensor.
  const onnx::TensorProto* constant(const std::string& name) const;
  /// The node that gives this value; nullptr where no node does.
  const onnx::NodeProto* producer(const std::string& name) const;

 private:
  std::unordered_map<std::string, const onnx::TensorProto*> constants_;
  std::unordered_map<std::string, const onnx::NodeProto*> producers_;
};

/// The extents. Error(input) naming `where` for a negative extent, or where their product is above 2^40.
Shape shape_of(const onnx::TensorProto& tensor, const std::string& where);
/// How many bytes the elements need in raw form, 4-bit types packed; 0 for types of unknown width. Errors as shape_of.
std::int64_t stored_bytes(const onnx::TensorProto& tensor, const std::string& where);
bool is_external(const onnx::TensorProto& tensor);

/// The opset of the default domain. Error(input) naming `where` for a model that has none.
std::int64_t opset_of(const onnx::ModelProto& model, const std::string& where);
/// The attribute of this name, nullptr where the node has none.
const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, std::string_view name);
std::int64_t int_attribute(const onnx::NodeProto& node, std::string_view name, std::int64_t fallback);
/// Empty where the node has no such attribute.
std::vector<std::int64_t> ints_attribute(const onnx::NodeProto& node, std::string_view name);

}  // namespace nibble

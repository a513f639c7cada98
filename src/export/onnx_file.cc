// SPDX-License-Identifier: Apache-2.0
#include "export/onnx_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <ostream>
#include <string>

#include "base/files.h"
#include "base/wrong_download.h"
#include "export/external_data.h"
#include "export/node_checks.h"
#include "export/onnx_types.h"
#include "nibble/error.h"

namespace nibble {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw Error(ErrorKind::input, fmt::format("ONNX: {}: {}", where, why));
}

std::int64_t typed_elements(const onnx::TensorProto& tensor) {
  return static_cast<std::int64_t>(tensor.float_data_size()) + tensor.int32_data_size() + tensor.int64_data_size() +
         tensor.double_data_size() + tensor.uint64_data_size();
}

/// Typed fields hold one element each, except 4-bit types: one byte (two elements) each.
std::int64_t typed_needed(const onnx::TensorProto& tensor, const std::string& where) {
  const std::int64_t count = count_of(shape_of(tensor, where));
  return onnx_type::bits_of(tensor.data_type()).value_or(8) == 4 ? (count + 1) / 2 : count;
}

void check_tensor(const onnx::TensorProto& tensor, const std::filesystem::path& path) {
  const auto where = fmt::format("{}: initialiser '{}'", path.string(), tensor.name());
  shape_of(tensor, where);
  if (is_external(tensor)) {
    external_file(tensor, path, where);
    return;
  }
  if (!onnx_type::bits_of(tensor.data_type())) return;  // strings and types younger than this program
  if (tensor.has_raw_data()) {
    const auto needed = stored_bytes(tensor, where);
    if (static_cast<std::int64_t>(tensor.raw_data().size()) != needed)
      refuse(where, fmt::format("holds {} bytes where its shape needs {}; the file is damaged", tensor.raw_data().size(), needed));
  } else if (typed_elements(tensor) != typed_needed(tensor, where)) {
    refuse(where, fmt::format("holds {} elements where its shape needs {}; the file is damaged", typed_elements(tensor),
                              typed_needed(tensor, where)));
  }
}

void check_model(const onnx::ModelProto& model, const std::filesystem::path& path) {
  if (!model.has_graph()) refuse(path.string(), "holds no graph; is it an ONNX file, and complete?");
  if (model.graph().node_size() == 0) refuse(path.string(), "its graph holds no node; is it an ONNX file, and complete?");
  opset_of(model, path.string());
  for (const auto& tensor : model.graph().initializer()) check_tensor(tensor, path);
  for (const auto& node : model.graph().node())
    if (node.op_type() == "Constant")
      for (const auto& attribute : node.attribute())
        if (attribute.has_t()) check_tensor(attribute.t(), path);
  check_nodes(model.graph(), path);
}

}  // namespace

onnx::ModelProto parse_onnx(std::istream& in, const std::filesystem::path& path) {
  onnx::ModelProto model;
  if (!model.ParseFromIstream(&in)) {
    in.clear();
    std::string start(4096, '\0');
    in.seekg(0).read(start.data(), static_cast<std::streamsize>(start.size()));
    start.resize(static_cast<std::size_t>(in.gcount()));
    const auto why = explain_no_onnx(start);
    refuse(path.string(), why.value_or("is not a protobuf message: truncated, damaged or not an ONNX file"));
  }
  check_model(model, path);
  return model;
}

onnx::ModelProto read_onnx(const std::filesystem::path& path) {
  if (is_folder(path)) refuse(path.string(), "is a folder; name the .onnx file in it");
  if (!is_file(path)) throw_missing_file(path, "ONNX");
  std::ifstream in(path, std::ios::binary);
  if (!in) refuse(path.string(), "cannot be opened; check its permissions");
  return parse_onnx(in, path);
}

void write_onnx(const onnx::ModelProto& model, const std::filesystem::path& path) {
  write_file_durably(path, [&](std::ostream& out) {
    if (!model.SerializeToOstream(&out))
      throw Error(ErrorKind::environment, fmt::format("ONNX: {}: cannot be written; is the disk full?", path.string()));
  });
}

OnnxIndex::OnnxIndex(const onnx::GraphProto& graph) {
  for (const auto& tensor : graph.initializer()) constants_.emplace(tensor.name(), &tensor);
  for (const auto& node : graph.node()) {
    for (const auto& output : node.output()) producers_.emplace(output, &node);
    const auto* value = node.op_type() == "Constant" ? find_attribute(node, "value") : nullptr;
    if (value && value->has_t() && node.output_size() == 1) constants_.emplace(node.output(0), &value->t());
  }
}

const onnx::TensorProto* OnnxIndex::constant(const std::string& name) const {
  const auto found = constants_.find(name);
  return found == constants_.end() ? nullptr : found->second;
}

const onnx::NodeProto* OnnxIndex::producer(const std::string& name) const {
  const auto found = producers_.find(name);
  return found == producers_.end() ? nullptr : found->second;
}

Shape shape_of(const onnx::TensorProto& tensor, const std::string& where) {
  // 2^40 elements: far above any file (2 GiB), far below where sizes in bits overflow.
  constexpr std::int64_t kMaxCount = std::int64_t{1} << 40;
  Shape shape(tensor.dims().begin(), tensor.dims().end());
  std::int64_t count = 1;
  for (const auto extent : shape) {
    if (extent < 0) refuse(where, fmt::format("has the extent {}", extent));
    if (extent > 0 && count > kMaxCount / extent) refuse(where, "has more elements than a file can hold");
    count *= std::max<std::int64_t>(extent, 1);  // a 0 is no leave for the others: parts of the shape are multiplied too
  }
  return shape;
}

std::int64_t stored_bytes(const onnx::TensorProto& tensor, const std::string& where) {
  return (count_of(shape_of(tensor, where)) * onnx_type::bits_of(tensor.data_type()).value_or(0) + 7) / 8;
}

bool is_external(const onnx::TensorProto& tensor) { return tensor.data_location() == onnx::TensorProto::EXTERNAL; }

std::int64_t opset_of(const onnx::ModelProto& model, const std::string& where) {
  for (const auto& import : model.opset_import())
    if (import.domain().empty() || import.domain() == "ai.onnx") return import.version();
  refuse(where, "names no opset of the default domain; is the file complete?");
}

const onnx::AttributeProto* find_attribute(const onnx::NodeProto& node, std::string_view name) {
  for (const auto& attribute : node.attribute())
    if (attribute.name() == name) return &attribute;
  return nullptr;
}

std::vector<std::int64_t> ints_attribute(const onnx::NodeProto& node, std::string_view name) {
  const auto* attribute = find_attribute(node, name);
  return attribute ? std::vector<std::int64_t>(attribute->ints().begin(), attribute->ints().end()) : std::vector<std::int64_t>{};
}

std::int64_t int_attribute(const onnx::NodeProto& node, std::string_view name, std::int64_t fallback) {
  const auto* attribute = find_attribute(node, name);
  return attribute ? attribute->i() : fallback;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "export/byte_ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "export/graph_edit.h"
#include "export/onnx_file.h"
#include "export/onnx_types.h"
#include "export/unpack_chain.h"

namespace nibble {
namespace {

constexpr std::int64_t kNamedFrom = 4096;

enum class Role { weight, scale, zero_point, bound, bias, other };
using Roles = std::unordered_map<std::string, Role>;

bool is_layer(const onnx::NodeProto& node) { return is_op(node, "Conv") || is_op(node, "MatMul") || is_op(node, "Gemm"); }

/// What reading `input` of the node makes a constant.
Role role_at(const onnx::NodeProto& node, int input) {
  if (is_layer(node)) return input == 1 ? Role::weight : input == 2 ? Role::bias : Role::other;
  if (is_op(node, "DequantizeLinear")) return input == 0 ? Role::weight : input == 1 ? Role::scale : Role::zero_point;
  if (is_op(node, "QuantizeLinear")) return input == 1 ? Role::scale : input == 2 ? Role::zero_point : Role::other;
  if (is_op(node, "Clip")) return input == 0 ? Role::weight : Role::bound;
  return Role::other;
}

Roles roles_of(const onnx::GraphProto& graph) {
  Roles roles;
  for (const auto& node : graph.node())
    for (int i = 0; i < node.input_size(); ++i) roles.emplace(node.input(i), role_at(node, i));
  return roles;
}

/// Constants of packed weights, which are read through other operators; by tensor.
struct Unpacked {
  Role role = Role::other;
  int bits = 0;  ///< of a code
};
std::unordered_map<const onnx::TensorProto*, Unpacked> unpacked_in(const onnx::GraphProto& graph) {
  std::unordered_map<const onnx::TensorProto*, Unpacked> found;
  const OnnxIndex index(graph);
  for (const auto& chain : find_unpack_chains(graph, index)) {
    found.emplace(chain.codes, Unpacked{Role::weight, chain.bits});
    if (chain.high_codes) found.emplace(chain.high_codes, Unpacked{Role::weight, chain.bits});
    found.emplace(chain.scale, Unpacked{Role::scale});
    if (chain.zero_point) found.emplace(chain.zero_point, Unpacked{Role::zero_point});
  }
  return found;
}

std::int64_t varints(const google::protobuf::RepeatedField<google::protobuf::int32>& values) {
  std::int64_t bytes = 0;
  for (const auto value : values)
    bytes += static_cast<std::int64_t>(google::protobuf::io::CodedOutputStream::VarintSize32SignExtended(value));
  return bytes;
}
std::int64_t varints(const google::protobuf::RepeatedField<google::protobuf::int64>& values) {
  std::int64_t bytes = 0;
  for (const auto value : values)
    bytes += static_cast<std::int64_t>(google::protobuf::io::CodedOutputStream::VarintSize64(static_cast<std::uint64_t>(value)));
  return bytes;
}

/// Of the elements alone, raw or typed, as they lie in the file.
std::int64_t data_bytes(const onnx::TensorProto& tensor) {
  return static_cast<std::int64_t>(tensor.raw_data().size()) + 4LL * tensor.float_data_size() + 8LL * tensor.double_data_size() +
         varints(tensor.int32_data()) + varints(tensor.int64_data());
}

class Ledger {
 public:
  explicit Ledger(const onnx::ModelProto& model) : roles_(roles_of(model.graph())), unpacked_(unpacked_in(model.graph())) {
    const auto& graph = model.graph();
    for (const auto& tensor : graph.initializer()) {
      add_data(tensor, tensor.name());
      add("names", 1, tensor.name());
      add("doc strings", 1, tensor.doc_string());
    }
    for (const auto& node : graph.node()) add_node(node);
    for (const auto* infos : {&graph.input(), &graph.output()})
      for (const auto& info : *infos) add("names", 1, info.name());
    for (const auto& info : graph.value_info()) add("shapes of inner values", 1, static_cast<std::int64_t>(info.ByteSizeLong()));
    for (const auto& entry : model.metadata_props())
      add("metadata", 1, static_cast<std::int64_t>(entry.key().size() + entry.value().size()));
    add("doc strings", 1, graph.doc_string());
    add("doc strings", 1, model.doc_string());
    const auto counted = total();
    add("structure: attributes, dims, lengths", graph.node_size(), static_cast<std::int64_t>(model.ByteSizeLong()) - counted);
  }

  std::vector<ByteRow> rows() const {
    std::vector<ByteRow> rows;
    for (const auto& [what, row] : rows_) rows.push_back(row);
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    return rows;
  }

 private:
  void add(const std::string& what, std::int64_t count, std::int64_t bytes) {
    if (bytes == 0) return;
    auto& row = rows_[what];
    row.what = what;
    row.count += count;
    row.bytes += bytes;
  }
  void add(const std::string& what, std::int64_t count, const std::string& text) {
    add(what, count, static_cast<std::int64_t>(text.size()));
  }

  void add_data(const onnx::TensorProto& tensor, const std::string& name) {
    const auto unpacked = unpacked_.find(&tensor);
    const auto role = roles_.find(name);
    const auto use = unpacked != unpacked_.end()
                         ? unpacked->second
                         : Unpacked{role == roles_.end() ? Role::other : role->second, onnx_type::bits_of(tensor.data_type()).value_or(0)};
    add(row_of(tensor, name, use), 1, data_bytes(tensor));
  }

  static std::string row_of(const onnx::TensorProto& tensor, const std::string& name, const Unpacked& use) {
    const auto type = onnx_type::name_of(tensor.data_type());
    switch (use.role) {
      case Role::weight:
        return fmt::format("weights, {}{}", type,
                           use.bits == 4  ? " (two a byte)"
                           : use.bits < 8 ? fmt::format(" ({} bits each)", use.bits)
                                          : "");
      case Role::scale: return fmt::format("scales, {}", type);
      case Role::zero_point: return "zero points";
      case Role::bound: return "bounds of Clip";
      case Role::bias: return fmt::format("biases, {}", type);
      case Role::other: break;
    }
    return data_bytes(tensor) >= kNamedFrom ? fmt::format("constant {}, {}", name, type) : "small constants";
  }

  void add_node(const onnx::NodeProto& node) {
    add("names", 1, node.name());
    for (const auto& name : node.input()) add("names", 1, name);
    for (const auto& name : node.output()) add("names", 1, name);
    add("doc strings", 1, node.doc_string());
    for (const auto& attribute : node.attribute())
      if (attribute.has_t() && node.output_size() > 0) add_data(attribute.t(), node.output(0));
  }

  std::int64_t total() const {
    std::int64_t bytes = 0;
    for (const auto& [what, row] : rows_) bytes += row.bytes;
    return bytes;
  }

  Roles roles_;
  std::unordered_map<const onnx::TensorProto*, Unpacked> unpacked_;
  std::map<std::string, ByteRow> rows_;
};

}  // namespace

std::vector<ByteRow> byte_ledger(const onnx::ModelProto& model) { return Ledger(model).rows(); }

}  // namespace nibble

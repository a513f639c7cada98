// SPDX-License-Identifier: Apache-2.0
#include "export/emit.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/known_files.h"
#include "export/onnx_types.h"
#include "export/printer.h"
#include "nibble/error.h"
#include "nibble/version.h"

namespace nibble {
namespace {

constexpr int kFirstOpset = 13;
constexpr int kLastOpset = 21;
constexpr int kBlockedDequantizeOpset = 21;  // block_size and INT4 in DequantizeLinear
constexpr int kBitwiseOpset = 18;            // BitwiseAnd

/// The format version that came with the opset (table in ONNX's docs/Versioning.md).
int ir_version_of(int opset) {
  if (opset <= 14) return 7;
  if (opset <= 18) return 8;
  return opset <= 20 ? 9 : 10;
}

void describe(onnx::ValueInfoProto& info, const Value& value) {
  info.set_name(value.name);
  auto& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx_type::number_of(value.dtype));
  for (const auto extent : value.shape) {
    auto& dim = *type.mutable_shape()->add_dim();
    extent < 0 ? dim.set_dim_param("batch") : dim.set_dim_value(extent);
  }
}

/// Outputs are printed by nodes; a graph that hands an input or a constant through has nothing to print them.
void require_produced(const Graph& graph, ValueId id) {
  const auto produces = [id](const Node& node) { return std::find(node.outputs.begin(), node.outputs.end(), id) != node.outputs.end(); };
  if (std::none_of(graph.nodes.begin(), graph.nodes.end(), produces))
    throw Error(ErrorKind::internal, fmt::format("export: output {} is not produced by a node", graph.value(id).name));
}

void print_header(OnnxModel& model, const EmitOptions& options, int opset) {
  auto& proto = model.proto;
  proto.set_ir_version(ir_version_of(opset));
  proto.set_producer_name("nibble");
  proto.set_producer_version(options.producer_version.empty() ? kVersion : options.producer_version);
  auto& import = *proto.add_opset_import();
  import.set_domain("");
  import.set_version(opset);
  for (const auto& [key, value] : options.metadata) {
    auto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
}

void print_graph(Printer& printer) {
  const Graph& graph = printer.graph();
  auto& proto = *printer.model().proto.mutable_graph();
  proto.set_name("main_graph");
  for (const auto id : graph.inputs) describe(*proto.add_input(), graph.value(id));
  for (const auto& node : graph.nodes) print_node(printer, node);
  for (const auto id : graph.outputs) {
    require_produced(graph, id);
    describe(*proto.add_output(), graph.value(id));
  }
}

}  // namespace

namespace {
int first_opset(Dialect dialect) {
  if (dialect == Dialect::qcdq) return kFirstOpset;
  return dialect == Dialect::unpack ? kBitwiseOpset : kBlockedDequantizeOpset;
}
}  // namespace

int resolved_opset(Dialect dialect, int requested) {
  const int first = first_opset(dialect);
  if (requested == 0) return first;
  if (requested >= first && requested <= kLastOpset) return requested;
  if (requested >= kFirstOpset && requested < first)
    throw Error(ErrorKind::usage,
                fmt::format("export: opset {}: packed {} exist from opset {} on; use --dialect qcdq, or leave --opset out", requested,
                            dialect == Dialect::unpack ? "weights decoded by BitwiseAnd" : "INT4 weights", first));
  throw Error(ErrorKind::usage, fmt::format("export: opset {}: files are written as {}..{}; choose one of them or leave --opset out",
                                            requested, first, kLastOpset));
}

void emit_model(const Graph& graph, const EmitOptions& options, const std::filesystem::path& path) {
  const int opset = resolved_opset(options.dialect, options.opset);
  verify(graph);  // a code outside its range would be changed by Clip or by packing without a word
  Printer printer(graph, options.dialect, opset, options.clips);
  print_header(printer.model(), options, opset);
  print_graph(printer);
  write_file_durably(path, [&](std::ostream& out) { write_onnx(printer.model(), out); });
  remember_known_file(path);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "export/cleanup.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/known_files.h"
#include "export/cleanup_passes.h"
#include "export/external_data.h"
#include "export/graph_edit.h"
#include "export/onnx_file.h"
#include "export/unpack_chain.h"
#include "nibble/error.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

struct Pass {
  const char* name;
  const char* what;
  int (*apply)(onnx::GraphProto&);
};
/// In the order they are applied; the table is swept until nothing changes.
constexpr std::array<Pass, 18> kPasses = {{
    {"move_constants", "Constant nodes became initialisers", move_constants},
    {"remove_identities", "Identity nodes removed", remove_identities},
    {"remove_dropouts", "Dropout nodes that drop nothing removed", remove_dropouts},
    {"remove_noop_casts", "Casts to the same type removed", remove_noop_casts},
    {"fold_shape_arithmetic", "nodes that compute shapes known beforehand folded", fold_shape_arithmetic},
    {"remove_noop_reshapes", "Reshape and the like to the same shape removed", remove_noop_reshapes},
    {"remove_noop_transposes", "Transposes that keep the order removed", remove_noop_transposes},
    {"remove_noop_slices", "Slices of everything removed", remove_noop_slices},
    {"remove_noop_pads", "Pads by nothing removed", remove_noop_pads},
    {"remove_noop_joins", "Concat, Sum, Split, ... of one part removed", remove_noop_joins},
    {"remove_noop_arithmetic", "multiplications by 1 and the like removed", remove_noop_arithmetic},
    {"remove_full_range_clips", "Clips to the whole range of their type removed", remove_full_range_clips},
    {"join_transposes", "pairs of Transposes joined", join_transposes},
    {"join_reshapes", "pairs of Reshapes joined", join_reshapes},
    {"merge_duplicate_initialisers", "equal initialisers merged", merge_duplicate_initialisers},
    {"merge_equal_nodes", "nodes that compute the same merged", merge_equal_nodes},
    {"drop_dead_nodes", "nodes no output needs dropped", drop_dead_nodes},
    {"drop_unused_initialisers", "initialisers nobody reads dropped", drop_unused_initialisers},
}};

bool is_layer(const onnx::NodeProto& node) {
  return (is_op(node, "Conv") || is_op(node, "MatMul") || is_op(node, "Gemm")) && node.input_size() >= 2;
}

GraphCensus census_of(const onnx::ModelProto& model) {
  const auto& graph = model.graph();
  GraphCensus census{graph.node_size(), graph.initializer_size(), 0, 0, 0, static_cast<std::int64_t>(model.ByteSizeLong())};
  const OnnxIndex index(graph);
  const auto live = live_nodes(graph);
  for (int i = 0; i < graph.node_size(); ++i) {
    if (!live[static_cast<std::size_t>(i)]) continue;
    census.quantize += is_op(graph.node(i), "QuantizeLinear") ? 1 : 0;
    census.dequantize += is_op(graph.node(i), "DequantizeLinear") ? 1 : 0;
    census.unpacked += is_layer(graph.node(i)) && find_unpack_chain(index, graph.node(i).input(1)) ? 1 : 0;
  }
  return census;
}

void require_same_quantisers(const onnx::ModelProto& model, const GraphCensus& before, const char* pass, const fs::path& from) {
  const auto after = census_of(model);
  if (after.quantize == before.quantize && after.dequantize == before.dequantize && after.unpacked == before.unpacked) return;
  throw Error(ErrorKind::internal,
              fmt::format("clean: {}: pass {} left {} of {} QuantizeLinear, {} of {} DequantizeLinear and {} of {} packed weights; nothing "
                          "was written; please report it",
                          from.string(), pass, after.quantize, before.quantize, after.dequantize, before.dequantize, after.unpacked,
                          before.unpacked));
}

void strip(onnx::ModelProto& model) {
  auto& graph = *model.mutable_graph();
  model.clear_doc_string();
  graph.clear_doc_string();
  graph.clear_value_info();
  for (auto& node : *graph.mutable_node()) node.clear_doc_string();
  for (auto& tensor : *graph.mutable_initializer()) tensor.clear_doc_string();
}

/// One sweep over the table; false when nothing changed.
bool sweep(onnx::ModelProto& model, const GraphCensus& before, const fs::path& from, std::vector<CleanupCount>& counts) {
  bool changed = false;
  for (std::size_t i = 0; i < kPasses.size(); ++i) {
    const int applied = kPasses[i].apply(*model.mutable_graph());
    if (applied == 0) continue;
    require_same_quantisers(model, before, kPasses[i].name, from);
    counts[i].applied += applied;
    changed = true;
  }
  return changed;
}

/// sort_nodes, with the file in its error.
int sorted(onnx::GraphProto& graph, const fs::path& from) {
  try {
    return sort_nodes(graph);
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("clean: {}: {}", from.string(), error.what()));
  }
}

/// Two writers of one value: which of them a reader means is the runtime's choice.
void require_unique_names(const onnx::GraphProto& graph, const fs::path& from) {
  Names seen;
  const auto take = [&](const std::string& name) {
    if (!name.empty() && !seen.insert(name).second)
      throw Error(ErrorKind::input, fmt::format("ONNX: {}: the value '{}' is given twice; nothing was written", from.string(), name));
  };
  for (const auto& tensor : graph.initializer()) take(tensor.name());
  for (const auto& node : graph.node())
    for (const auto& output : node.output()) take(output);
}

}  // namespace

std::vector<CleanupCount> cleanup_passes() {
  std::vector<CleanupCount> rows;
  for (const auto& pass : kPasses) rows.push_back({pass.name, pass.what, 0});
  return rows;
}

CleanupResult clean_model(const fs::path& from, const fs::path& to, const CleanupOptions& options) {
  constexpr std::int64_t kConstantsOfTheirOwn = 4;  // before this version every initialiser had to be an input as well
  auto model = read_onnx(from);
  model.set_ir_version(std::max<std::int64_t>(model.ir_version(), kConstantsOfTheirOwn));
  require_unique_names(model.graph(), from);
  refuse_external_file(model, from, to);
  const int taken_in = take_in_external_data(model, from);
  const int moved = sorted(*model.mutable_graph(), from);  // first: what is live is told by walking back through the nodes in order
  CleanupResult result{cleanup_passes(), census_of(model), {}};
  if (taken_in > 0) result.counts.push_back({"take_in_external_data", "weights taken in from a file beside the model", taken_in});
  if (moved > 0) result.counts.push_back({"sort_nodes", "nodes put behind what they read", moved});
  if (options.own_initialisers)
    result.counts.push_back({"own_initialisers", "inputs with defaults became constants", own_initialisers(*model.mutable_graph())});
  while (sweep(model, result.before, from, result.counts)) {
  }
  if (options.narrow_constants)
    result.counts.push_back({"narrow_constants", "large constants stored in fewer bits", narrow_constants(*model.mutable_graph())});
  if (options.short_names)
    result.counts.push_back({"shorten_names", "names that only people read shortened", shorten_names(*model.mutable_graph())});
  if (options.strip) strip(model);
  result.after = census_of(model);
  write_onnx(model, to);
  if (is_known_file(from)) remember_known_file(to);
  return result;
}

}  // namespace nibble

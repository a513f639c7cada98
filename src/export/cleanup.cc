// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "export/cleanup_passes.h"
#include "export/emit.h"
#include "export/onnx_file.h"
#include "nibble/error.h"

namespace nibble {
namespace {

struct Pass {
  const char* name;
  int (*apply)(onnx::GraphProto&);
};
/// In this order one sweep is enough: no pass makes work for an earlier one.
constexpr std::array<Pass, 5> kPasses = {{{"remove_identities", remove_identities},
                                          {"move_constants", move_constants},
                                          {"drop_dead_nodes", drop_dead_nodes},
                                          {"merge_duplicate_initialisers", merge_duplicate_initialisers},
                                          {"drop_unused_initialisers", drop_unused_initialisers}}};

bool is_barrier(const std::string& op_type) { return op_type == "QuantizeLinear" || op_type == "DequantizeLinear" || op_type == "Clip"; }

/// Barrier nodes that matter to an output.
int count_barrier(const onnx::GraphProto& graph) {
  const auto live = live_nodes(graph);
  int count = 0;
  for (int i = 0; i < graph.node_size(); ++i)
    if (live[static_cast<std::size_t>(i)] && is_barrier(graph.node(i).op_type())) ++count;
  return count;
}

}  // namespace

std::vector<CleanupCount> clean_model(const std::filesystem::path& from, const std::filesystem::path& to) {
  auto model = read_onnx(from);
  auto& graph = *model.mutable_graph();
  const int before = count_barrier(graph);
  std::vector<CleanupCount> counts;
  for (const auto& pass : kPasses) {
    counts.push_back({pass.name, pass.apply(graph)});
    if (const int after = count_barrier(graph); after != before)
      throw Error(ErrorKind::internal, fmt::format("cleanup: {}: {} left {} of {} QuantizeLinear, DequantizeLinear and Clip nodes",
                                                   from.string(), pass.name, after, before));
  }
  write_onnx(model, to);
  return counts;
}

}  // namespace nibble

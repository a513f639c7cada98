// SPDX-License-Identifier: Apache-2.0
// Small edits of an ONNX graph that keep it consistent. Clean-up passes are made of them.
#pragma once
#include <onnx/onnx_pb.h>

#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace nibble {

using Names = std::unordered_set<std::string>;
using Renames = std::unordered_map<std::string, std::string>;

template <class Infos>
Names names_of(const Infos& infos) {
  Names names;
  for (const auto& info : infos) names.insert(info.name());
  return names;
}

/// Whether the operator is ONNX's own. Only then its name says what it computes.
bool is_standard(const onnx::NodeProto& node);
bool is_op(const onnx::NodeProto& node, std::string_view op_type);
/// The name of the input at this place, empty where it is not given.
std::string input_of(const onnx::NodeProto& node, int index);

/// What the bodies of If, Loop and Scan at this node mention, values of their own among it.
Names names_in_bodies(const onnx::NodeProto& node);

/// Names whose meaning is fixed from outside the node list: graph inputs and outputs, everything the bodies of If, Loop and
/// Scan mention (they may read values of the graph around them), names in quantisation annotations and sparse initialisers.
Names pinned_names(const onnx::GraphProto& graph);

/// The names that something reads: inputs of nodes, and pinned names.
Names read_names(const onnx::GraphProto& graph);

/// Replaces names in the inputs of the graph's own nodes. Bodies are left alone, since their names are pinned.
void rename_reads(onnx::GraphProto& graph, const Renames& renames);

/// Removes the elements of a repeated field for which `keep` is false, in place and keeping the order, and returns how many were removed.
/// `keep` is asked once for each index, ascending, while that element is still in its place.
template <class Field, class Keep>
int keep_if(Field& field, const Keep& keep) {
  int kept = 0;
  for (int i = 0; i < field.size(); ++i)
    if (keep(i)) field.SwapElements(kept++, i);
  const int dropped = field.size() - kept;
  field.DeleteSubrange(kept, dropped);
  return dropped;
}

/// Removes nodes that hand their first input through unchanged.  Before: y = node(x, ...), readers of y.  After: readers of x.
/// Where y is pinned as a graph output, the producer of x writes y itself, if x is written by a node and not pinned;
/// otherwise the node stays. Returns how many went.
int bypass_nodes(onnx::GraphProto& graph, const std::function<bool(const onnx::NodeProto&)>& hands_through);

/// For each node: whether an output of the graph, or a body, depends on it.
std::vector<bool> live_nodes(const onnx::GraphProto& graph);

}  // namespace nibble

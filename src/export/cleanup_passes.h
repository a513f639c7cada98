// SPDX-License-Identifier: Apache-2.0
// The clean-up of an ONNX graph as small passes, each in place, each returning how many places it changed. None of them
// touches QuantizeLinear, DequantizeLinear or Clip, or changes a computed number. Names of graph inputs and outputs stay.
#pragma once
#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace nibble {

/// Before: y = Identity(x), readers of y.  After: readers of x.
/// Where y is a graph output: the producer of x writes y itself, if x is not a graph output or input or an initialiser
/// (then the Identity is needed and stays).
int remove_identities(onnx::GraphProto& graph);

/// Before: y = Constant(tensor or number).  After: initialiser y. Conditions: not a string or sparse one, and y is not a
/// graph output.
int move_constants(onnx::GraphProto& graph);

/// Nodes no graph output depends on. Conditions: the graph has outputs.
int drop_dead_nodes(onnx::GraphProto& graph);

/// Initialisers equal in type, shape and bytes become one (the first). Conditions: neither is a graph input or output.
int merge_duplicate_initialisers(onnx::GraphProto& graph);

/// Initialisers nothing reads, and value_info of names that are gone.
int drop_unused_initialisers(onnx::GraphProto& graph);

/// Nodes that some graph output depends on, in order: what drop_dead_nodes keeps.
std::vector<bool> live_nodes(const onnx::GraphProto& graph);

}  // namespace nibble

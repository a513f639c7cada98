// SPDX-License-Identifier: Apache-2.0
// The clean-up of an ONNX graph as small passes, each in place, each returning how many places it changed. None of them
// touches QuantizeLinear, DequantizeLinear or the operators that decode packed weights (unpack_chain.h), folds what they compute, or
// changes a number the graph computes. Names of graph
// inputs and outputs stay; bodies of If, Loop and Scan are left alone and the values they mention keep their names.
// "Constant" below is an initialiser that is not also a graph input, or a Constant node's tensor.
#pragma once
#include <onnx/onnx_pb.h>

namespace nibble {

// --- cleanup_noops.cc: nodes that hand their input through ---------------------------------------------------------------------
// Before: y = node(x, ...), readers of y.  After: readers of x (bypass_nodes in graph_edit.h says what happens where y is an
// output of the graph). One condition for all: the node has no second result that is named. The conditions of each:

/// Identity.
int remove_identities(onnx::GraphProto& graph);
/// Dropout whose training_mode is not given or is a constant false.
int remove_dropouts(onnx::GraphProto& graph);
/// Cast to the type x is known to have.
int remove_noop_casts(onnx::GraphProto& graph);
/// Reshape, Flatten or Expand whose result is known to have the shape of x, all extents known; Reshape to [0, 0, ...] with as many
/// zeros as x has axes (allowzero not set).
int remove_noop_reshapes(onnx::GraphProto& graph);
/// Transpose with perm 0, 1, 2, ...
int remove_noop_transposes(onnx::GraphProto& graph);
/// Slice whose starts are 0, steps 1 and ends at or behind the extent: a known extent, or INT32_MAX and more, which exporters write
/// for "to the end".
int remove_noop_slices(onnx::GraphProto& graph);
/// Pad by a constant of zeros.
int remove_noop_pads(onnx::GraphProto& graph);
/// Concat, Sum, Max, Min or Mean of one input; Split into one part.
int remove_noop_joins(onnx::GraphProto& graph);
/// Mul or Div by 1, Add or Sub of an integer 0: a constant of one element and rank 0, or rank no greater than that of x.
/// (A float 0 stays: it turns -0 into 0. So does the scale of a packed weight.)
int remove_noop_arithmetic(onnx::GraphProto& graph);
/// Clip on integers whose bounds are the ends of the type (int8: -128 and 127), or with no bounds at all. A Clip that states
/// fewer bits than the type has is the QCDQ dialect and stays.
int remove_full_range_clips(onnx::GraphProto& graph);

// --- cleanup_fold.cc: several nodes become fewer ---------------------------------------------------------------------------

/// Before: int64 values computed from shapes alone (Shape of a value of known shape, then Gather, Slice, Concat, Unsqueeze, Squeeze,
/// Add, Sub, Mul, Div on such values).  After: constants of the same names. Conditions: at most 1024 elements, not a graph output.
int fold_shape_arithmetic(onnx::GraphProto& graph);
/// Before: y = Transpose(Transpose(x)).  After: y = Transpose(x) with the composed perm. Both have a perm.
int join_transposes(onnx::GraphProto& graph);
/// Before: y = Reshape(Reshape(x, a), b), b a constant without 0.  After: y = Reshape(x, b).
int join_reshapes(onnx::GraphProto& graph);
/// Before: two nodes of equal operator, inputs and attributes.  After: readers of the first. Conditions: the operator is
/// deterministic, not QuantizeLinear, DequantizeLinear or Clip, reads more than results of DequantizeLinear, and carries no body; no
/// result of the second is pinned.
int merge_equal_nodes(onnx::GraphProto& graph);

// --- cleanup_structure.cc: constants and what nobody needs -----------------------------------------------------------------------

/// Before: y = Constant(tensor or number).  After: initialiser y. Conditions: not a string or sparse one, and y is not a
/// graph output.
int move_constants(onnx::GraphProto& graph);
/// Nodes no graph output depends on. Conditions: the graph has outputs.
int drop_dead_nodes(onnx::GraphProto& graph);
/// Initialisers equal in type, shape and bytes become one (the first). Conditions: neither is pinned (graph_edit.h).
int merge_duplicate_initialisers(onnx::GraphProto& graph);
/// Initialisers nothing reads, and value_info of names that are gone.
int drop_unused_initialisers(onnx::GraphProto& graph);

// --- Before the table of passes -------------------------------------------------------------------------------------------------------

/// sort_nodes.cc.  Before: nodes in any order, as some converters leave them.  After: each behind those whose results it needs, bodies
/// included; a graph that is sorted stays as it is (Kahn 1962, Topological sorting of large networks). Returns how many nodes stand
/// elsewhere now. Error(input) naming a node where there is no such order.
int sort_nodes(onnx::GraphProto& graph);

// --- Not part of the table of passes: on request only -------------------------------------------------------------------------------

/// cleanup_narrow.cc.  Before: float32 constant c of at least 1 KiB whose every number is a whole number of 8 bits, or a float16 number, to
/// the bit.  After: initialiser c_stored (uint8, int8, float16) -> Cast(float32) -> c. Runtimes fold the Cast when they load the file.
/// Conditions: c is not pinned, not the weight or bias of a layer, and not a parameter of a quantiser or of a packed weight.
int narrow_constants(onnx::GraphProto& graph);
/// cleanup_structure.cc.  Before: y = node(x); z = other(y, s), with a name of any length.  After: y and scalars s are called v0, v1, ...
/// Conditions: they are not pinned. Nodes, tensors of weights and their scales keep their names.
int shorten_names(onnx::GraphProto& graph);
/// Changes what a caller may feed.  Before: an initialiser that is also a graph input (a
/// default the caller may override; older exporters list all weights so).  After: a plain constant.
int own_initialisers(onnx::GraphProto& graph);

}  // namespace nibble

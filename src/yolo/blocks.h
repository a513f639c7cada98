// SPDX-License-Identifier: Apache-2.0
// The building blocks of detectors: one function each, which appends the block's nodes to a graph. Channels, kernels and repeats come
// from the module itself, so that all sizes of a family are one code path.
#pragma once
#include <vector>

#include "graph/graph.h"
#include "yolo/module_view.h"

namespace nibble {

/// Appends a module of any known class; nodes are named by module paths. `inputs` has one value, several for Concat.
/// Error(unsupported) naming path and class for an unknown one, Error(input) where tensors do not fit the attributes.
ValueId add_module(Graph& graph, const Module& module, const std::vector<ValueId>& inputs);

/// torch.nn.Conv2d alone, with its bias if it has one.
ValueId add_conv2d(Graph& graph, const Module& module, ValueId x, const std::string& float_reason = {});

}  // namespace nibble

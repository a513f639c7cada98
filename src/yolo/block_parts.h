// SPDX-License-Identifier: Apache-2.0
// What the blocks of a network are put together from: children of a module, shortcuts, pooling, attention.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "yolo/blocks.h"

namespace nibble {

using Inputs = std::vector<ValueId>;

const Shape& shape_of(const Graph& graph, ValueId id);
/// Appends the child `name` of a module, which reads `x`.
ValueId add_child(Graph& graph, const Module& module, std::string_view name, ValueId x);
/// The one input of a block. Error(input) naming the module where there are more or none.
ValueId only(const Module& module, const Inputs& inputs);
/// Error(unsupported) where the attribute is there and, printed as Python prints it, is something else than `expected`.
void require_attribute(const Module& module, std::string_view name, const std::string& expected);
/// x + y where the module says `add`, else y.
ValueId add_with_shortcut(Graph& graph, const Module& module, ValueId x, ValueId y);
/// Side by side in the channels, under the name "<module>.concat".
ValueId add_concat_of(Graph& graph, const Module& module, const Inputs& parts);
/// The halves of the channels, under the name "<module>.split".
Inputs add_halves(Graph& graph, const Module& module, ValueId x);
/// torch.nn.MaxPool2d. Error(unsupported) for another class, ceil_mode or dilation.
ValueId add_max_pool(Graph& graph, const Module& module, const std::string& name, ValueId x);

/// Blocks whose results stand side by side (csp_blocks.cc).
ValueId add_c1(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_c2(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_c2f(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_c3(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_c3f(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_bottleneck_csp(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_elan(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_ghost_conv(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_ghost_bottleneck(Graph& graph, const Module& module, const Inputs& inputs);

/// Pooling and ways between maps of different size (scale_blocks.cc).
ValueId add_spp(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_sppf(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_spp_elan(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_a_conv(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_a_down(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_cb_linear(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_cb_fuse(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_zero_pad(Graph& graph, const Module& module, const Inputs& inputs);

/// torch.nn.Linear on a map of one cell, as a pointwise convolution (classify_head.cc). Error(unsupported) for other maps.
ValueId add_linear(Graph& graph, const Module& module, const Inputs& inputs);

/// Prototypes of masks (mask_blocks.cc).
ValueId add_conv_transpose(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_proto(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_proto26(Graph& graph, const Module& module, const Inputs& inputs);

/// Attention (attention_blocks.cc).
ValueId add_attention(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_area_attention(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_psa(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_psa_block(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_c2_psa(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_a_block(Graph& graph, const Module& module, const Inputs& inputs);
ValueId add_a2c2f(Graph& graph, const Module& module, const Inputs& inputs);

}  // namespace nibble

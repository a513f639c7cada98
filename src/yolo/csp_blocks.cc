// SPDX-License-Identifier: Apache-2.0
// Blocks that send parts of the channels through other blocks and put all results side by side: cross stage partial networks (Wang et al.
// 2019, arXiv 1911.11929), ELAN (Wang et al. 2024, arXiv 2402.13616) and ghost modules (Han et al. 2019, arXiv 1911.11907), in the forms
// that the networks of Ultralytics give them.
#include "yolo/block_parts.h"

namespace nibble {

ValueId add_c1(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = add_child(graph, module, "cv1", only(module, inputs));
  return graph.add(module.path() + ".add", op::Add{}, {add_child(graph, module, "m", x), x});
}

/// One half of cv1 through all blocks, then beside the other half.
ValueId add_c2(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto halves = add_halves(graph, module, add_child(graph, module, "cv1", only(module, inputs)));
  return add_child(graph, module, "cv2", add_concat_of(graph, module, {add_child(graph, module, "m", halves[0]), halves[1]}));
}

/// Halves of cv1, the second one through every block; all results side by side into cv2. C2fCIB, C3k2 and C2fPSA differ in the blocks.
ValueId add_c2f(Graph& graph, const Module& module, const Inputs& inputs) {
  auto parts = add_halves(graph, module, add_child(graph, module, "cv1", only(module, inputs)));
  for (const auto& block : module.child("m").children()) parts.push_back(add_module(graph, block, {parts.back()}));
  return add_child(graph, module, "cv2", add_concat_of(graph, module, parts));
}

/// Blocks behind cv1, side by side with cv2, into cv3. C3k, C3x, C3Ghost and RepCSP differ in the blocks.
ValueId add_c3(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  const auto through = add_child(graph, module, "m", add_child(graph, module, "cv1", x));
  return add_child(graph, module, "cv3", add_concat_of(graph, module, {through, add_child(graph, module, "cv2", x)}));
}

/// As C3, but the result of every block is kept.
ValueId add_c3f(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  Inputs parts{add_child(graph, module, "cv2", x), add_child(graph, module, "cv1", x)};
  for (const auto& block : module.child("m").children()) parts.push_back(add_module(graph, block, {parts.back()}));
  return add_child(graph, module, "cv3", add_concat_of(graph, module, parts));
}

/// The form with bare convolutions, and with BatchNorm and activation behind the concatenation.
ValueId add_bottleneck_csp(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  const auto through = add_child(graph, module, "cv3", add_child(graph, module, "m", add_child(graph, module, "cv1", x)));
  const auto both = add_concat_of(graph, module, {through, add_child(graph, module, "cv2", x)});
  return add_child(graph, module, "cv4", add_child(graph, module, "act", add_child(graph, module, "bn", both)));
}

/// RepNCSPELAN4 and ELAN1: halves of cv1, the second one through cv2 and then cv3; all four into cv4.
ValueId add_elan(Graph& graph, const Module& module, const Inputs& inputs) {
  auto parts = add_halves(graph, module, add_child(graph, module, "cv1", only(module, inputs)));
  for (const char* step : {"cv2", "cv3"}) parts.push_back(add_child(graph, module, step, parts.back()));
  return add_child(graph, module, "cv4", add_concat_of(graph, module, parts));
}

/// Half of the channels by a convolution, the other half from these by a cheap one.
ValueId add_ghost_conv(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto y = add_child(graph, module, "cv1", only(module, inputs));
  return add_concat_of(graph, module, {y, add_child(graph, module, "cv2", y)});
}

ValueId add_ghost_bottleneck(Graph& graph, const Module& module, const Inputs& inputs) {
  const auto x = only(module, inputs);
  return graph.add(module.path() + ".add", op::Add{}, {add_child(graph, module, "conv", x), add_child(graph, module, "shortcut", x)});
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "commands/target_refusals.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>

namespace nibble {
namespace {

/// The dialect, and the nodes that show it; no name for a float file.
std::pair<std::string_view, const std::vector<std::string>*> dialect_of(const QuantizerCensus& census) {
  if (!census.integer.empty()) return {"integer", &census.integer};
  if (!census.decoders.empty()) return {"unpack", &census.decoders};
  if (!census.packed.empty()) return {"int4", &census.packed};
  if (!census.byte_codes.empty()) return {"qcdq", &census.byte_codes};
  return {"", nullptr};
}

}  // namespace

std::vector<RefusedNodes> refusals_of(const QuantizerCensus& census, const Target& target) {
  const auto [dialect, shown_by] = dialect_of(census);
  if (dialect.empty()) return {};
  std::vector<RefusedNodes> rows;
  const auto refuse = [&](std::string_view op, std::string why, const std::vector<std::string>& nodes) {
    if (!nodes.empty()) rows.push_back({std::string(op), std::move(why), nodes});
  };
  const bool is_float = census.activations.empty();
  if (is_float && !target.why_no_float_activations.empty())
    refuse("weights beside float activations", std::string(target.why_no_float_activations), *shown_by);
  std::vector<std::string> taken;
  for (const auto name : is_float ? target.float_dialects : target.integer_dialects)
    if (!name.empty()) taken.emplace_back(name);
  // ONNX Runtime runs every dialect, some slower; what has no CUDA kernel is told from the table of kernels.
  if (!target.name.starts_with("ort-") && !taken.empty() && std::find(taken.begin(), taken.end(), dialect) == taken.end())
    refuse(fmt::format("nodes of the {} dialect", dialect),
           fmt::format("files for it are {}; nibble quantize --target {} writes them", fmt::join(taken, " or "), target.name), *shown_by);
  const bool takes_blocks = target.why_no_blocks.empty() || (target.float_blocks && is_float);
  if (!takes_blocks) refuse("DequantizeLinear with scales per block", std::string(target.why_no_blocks), census.blocks);
  if (target.symmetric_weights) refuse("DequantizeLinear of weights", "their zero points must be 0", census.shifted);
  if (target.symmetric_activations) refuse("QuantizeLinear", "its zero point must be 0", census.shifted_input);
  if (target.narrow_weights) refuse("DequantizeLinear of weights", "the lowest code, -8 of 4 bits, must not occur", census.lowest);
  if (!target.clips) refuse("Clip", "on integers it is not understood", census.clips);
  return rows;
}

}  // namespace nibble

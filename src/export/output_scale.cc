// SPDX-License-Identifier: Apache-2.0
#include "export/output_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "export/constant_eval.h"
#include "export/graph_edit.h"
#include "export/onnx_file.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr double kCoarseStep = 0.5;
constexpr std::array<std::string_view, 7> kCarriers = {"Identity", "Cast", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten"};

/// The node that makes `name`, past nodes that only carry values on; bounded, because a damaged graph may hold a circle.
const onnx::NodeProto* maker_of(const OnnxIndex& index, std::string name, int nodes) {
  for (int steps = 0; steps <= nodes; ++steps) {
    const auto* node = index.producer(name);
    const bool carries = node && std::any_of(kCarriers.begin(), kCarriers.end(), [&](auto op) { return is_op(*node, op); });
    if (!carries) return node;
    name = input_of(*node, 0);
  }
  return nullptr;
}

}  // namespace

std::optional<SharedOutputScale> find_shared_output_scale(const onnx::GraphProto& graph) {
  const OnnxIndex index(graph);
  for (const auto& output : graph.output()) {
    const auto* dequantize = maker_of(index, output.name(), graph.node_size());
    if (!dequantize || !is_op(*dequantize, "DequantizeLinear")) continue;
    const auto* scale = index.constant(input_of(*dequantize, 1));
    const auto steps = scale && !is_external(*scale) ? elements_of(*scale) : std::vector<double>{};
    const auto* quantize = maker_of(index, input_of(*dequantize, 0), graph.node_size());
    if (steps.size() != 1 || steps[0] < kCoarseStep || !quantize || !is_op(*quantize, "QuantizeLinear")) continue;
    const auto* join = maker_of(index, input_of(*quantize, 0), graph.node_size());
    if (join && is_op(*join, "Concat") && join->input_size() > 1) return SharedOutputScale{output.name(), steps[0]};
  }
  return std::nullopt;
}

std::optional<SharedOutputScale> find_shared_output_scale(const std::filesystem::path& model) {
  try {
    return find_shared_output_scale(read_onnx(model).graph());
  } catch (const Error&) {
    return std::nullopt;  // a reason is looked for; that the file cannot be read is said elsewhere
  }
}

std::string text_of(const SharedOutputScale& found) {
  return fmt::format("{} is quantised with one scale ({:.3g}) for boxes and scores; leave it and what joins them in float", found.output,
                     found.scale);
}

}  // namespace nibble

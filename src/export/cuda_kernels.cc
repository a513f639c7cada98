// SPDX-License-Identifier: Apache-2.0
#include "export/cuda_kernels.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "export/graph_edit.h"
#include "export/onnx_file.h"
#include "export/onnx_types.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr RuntimeVersion kNever{1000, 0, 0};
constexpr int kLastPatch = 999;

/// The form of an operator that an opset brought, and the first runtime with a CUDA kernel for it.
struct Form {
  std::string_view op;
  std::int64_t opset;
  RuntimeVersion first;
};
constexpr std::array kForms = {
    Form{"Resize", 19, {1, 25, 0}},    Form{"ReduceMax", 20, {1, 27, 0}}, Form{"Reshape", 21, {1, 24, 1}},
    Form{"Transpose", 21, {1, 24, 1}}, Form{"Cast", 21, {1, 24, 1}},      Form{"Squeeze", 21, {1, 24, 1}},
    Form{"Unsqueeze", 21, {1, 24, 1}}, Form{"MaxPool", 22, kNever},       Form{"QLinearConv", 10, kNever},
    Form{"ConvInteger", 10, kNever},
};

std::int32_t type_of(const OnnxIndex& index, const onnx::NodeProto& node, int input) {
  const auto* tensor = node.input_size() > input ? index.constant(node.input(input)) : nullptr;
  return tensor ? tensor->data_type() : 0;
}

/// What its types rule out: empty where nothing does.
MissingKernel by_type(const OnnxIndex& index, const onnx::NodeProto& node) {
  if (!is_op(node, "DequantizeLinear")) return {};
  const auto type = type_of(index, node, 0);
  if (type == onnx_type::kInt32) return {node.op_type(), "of int32 (the integer form's biases): none", false, {}};
  const bool is_byte = type == onnx_type::kInt8 || type == onnx_type::kUint8;
  if (is_byte && int_attribute(node, "block_size", 0) > 0) return {node.op_type(), "of 8 bits in blocks: throws when it runs", true, {}};
  return {};
}

MissingKernel by_form(const onnx::NodeProto& node, std::int64_t opset, const RuntimeVersion& version) {
  for (const auto& form : kForms)
    if (is_op(node, form.op) && opset >= form.opset && version < form.first)
      return {node.op_type(),
              form.first == kNever ? fmt::format("as of opset {}: none up to {}", form.opset, text_of(kLastRead))
                                   : fmt::format("as of opset {}: from ONNX Runtime {} on", form.opset, text_of(form.first)),
              false,
              {}};
  return {};
}

/// Nodes whose inputs are all known when the file is loaded.
std::vector<bool> folded_nodes(const onnx::GraphProto& graph) {
  Names known = names_of(graph.initializer());
  std::vector<bool> folded;
  for (const auto& node : graph.node()) {
    const bool constant =
        std::all_of(node.input().begin(), node.input().end(), [&](const auto& name) { return name.empty() || known.contains(name); });
    folded.push_back(constant && !is_op(node, "DequantizeLinear"));
    if (folded.back()) known.insert(node.output().begin(), node.output().end());
  }
  return folded;
}

}  // namespace

std::string text_of(const RuntimeVersion& version) { return fmt::format("{}.{}.{}", version.major, version.minor, version.patch); }

RuntimeVersion parse_runtime_version(const std::string& text) {
  std::array<int, 3> numbers{0, 0, kLastPatch};
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  std::size_t count = 0;
  while (count < numbers.size()) {
    const auto [next, error] = std::from_chars(at, end, numbers[count]);
    if (error != std::errc() || numbers[count] < 0) break;
    ++count;
    at = next;
    if (at == end || *at != '.' || count == numbers.size()) break;
    ++at;
    if (at == end) count = 0;  // nothing behind the point
  }
  RuntimeVersion version{numbers[0], numbers[1], numbers[2]};
  if (count == 2 && version.major == kLastRead.major && version.minor == kLastRead.minor) version = kLastRead;
  if (count < 2 || at != end)
    throw Error(ErrorKind::usage, fmt::format("ONNX Runtime version '{}': is not a version; write it as 1.24 or 1.24.1", text));
  if (version < kFirstRead)
    throw Error(ErrorKind::usage, fmt::format("ONNX Runtime version '{}': the table holds {} to {}; name one of them", text,
                                              text_of(kFirstRead), text_of(kLastRead)));
  return version;
}

std::vector<MissingKernel> missing_cuda_kernels(const onnx::ModelProto& model, const RuntimeVersion& version) {
  const auto& graph = model.graph();
  const OnnxIndex index(graph);
  const auto opset = opset_of(model, "the model");
  const auto folded = folded_nodes(graph);
  std::vector<MissingKernel> rows;
  for (int i = 0; i < graph.node_size(); ++i) {
    const auto& node = graph.node(i);
    if (folded[static_cast<std::size_t>(i)] || node.output_size() == 0) continue;
    auto missing = by_type(index, node);
    if (missing.op.empty()) missing = by_form(node, opset, version);
    if (missing.op.empty()) continue;
    auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& each) { return each.op == missing.op && each.why == missing.why; });
    if (row == rows.end()) row = rows.insert(rows.end(), missing);
    row->nodes.push_back(node.name().empty() ? node.output(0) : node.name());
  }
  return rows;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "commands/inspect_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "base/box_logits.h"
#include "export/output_scale.h"
#include "nibble/error.h"
#include "ort/session.h"
#include "yolo/model_metadata.h"

namespace nibble {
namespace {

/// Empty for symbolic extents.
std::optional<std::int64_t> extent_of(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// Cells of strides 8, 16 and 32 on a square of this size.
std::int64_t anchors_of(std::int64_t size) {
  std::int64_t anchors = 0;
  for (const std::int64_t stride : {8, 16, 32}) anchors += (size / stride) * (size / stride);
  return anchors;
}

bool is_anchor_count(const OnnxSummary& summary, const std::string& extent) {
  if (summary.inputs.empty() || summary.inputs[0].shape.size() != 4) return false;
  const auto size = extent_of(summary.inputs[0].shape[3]), anchors = extent_of(extent);
  return size && anchors && *anchors == anchors_of(*size);
}

/// Of a file without class names.
std::string likely_meaning(const OnnxSummary& summary) {
  const auto& shape = summary.outputs[0].shape;
  const auto rows = extent_of(shape[1]);
  if (!rows || *rows <= 4 || !is_anchor_count(summary, shape[2])) return "unknown: the file does not name its classes";
  auto text = fmt::format("likely one2many, {}", output_meaning(Head::one2many, *rows - 4));
  if (*rows > kBoxLogits) text += fmt::format(", or raw logits of {} classes", *rows - kBoxLogits);
  return text + "; the file does not name its classes";
}

int count_of(const OnnxSummary& summary, const std::string& op) {
  const auto found = summary.op_counts.find(op);
  return found == summary.op_counts.end() ? 0 : found->second;
}

bool is_packed(const OnnxLayer& layer) { return layer.weight_bits < 8 && layer.weight_bytes < layer.weights; }

/// How the integers of layers of one kind are stored.
std::string form_of(const OnnxSummary& summary, const OnnxLayer& layer) {
  const auto dialect = summary.metadata.find("nibble.dialect");
  if (dialect != summary.metadata.end() && dialect->second == "integer")
    return layer.trellis      ? "packed along a trellis, for integer kernels"
           : is_packed(layer) ? "packed, for integer kernels"
                              : "for integer kernels";
  if (layer.trellis) return fmt::format("packed along a trellis, decoded to {} when loaded", layer.activation_bits > 0 ? "bytes" : "float");
  if (layer.unpacked) return is_packed(layer) ? "packed, decoded to float when loaded" : "as bytes, decoded to float when loaded";
  if (is_packed(layer)) return "packed";
  return layer.weight_bits < 8 && count_of(summary, "Clip") > 0 ? "as bytes (QCDQ)" : "as bytes";
}

std::string granularity_text(const std::string& granularity) {
  return granularity.starts_with("block") ? "a scale per " + granularity + " input channels" : "a scale per " + granularity;
}

}  // namespace

std::string meaning_of(const OnnxSummary& summary) {
  if (const auto found = summary.metadata.find("nibble.output0"); found != summary.metadata.end()) return found->second;
  if (summary.outputs.empty() || summary.outputs[0].shape.size() != 3) return "not a shape nibble knows";
  const auto& shape = summary.outputs[0].shape;
  if (!extent_of(shape[1]) && !extent_of(shape[2]))
    return "its dimensions are known when it runs; eval, profile and compare find out what they mean";
  if (shape[2] == "6") return output_meaning(Head::one2one, 0);
  const auto names = summary.metadata.find("names");
  const auto classes = names == summary.metadata.end() ? std::nullopt : parse_names(names->second);
  if (!classes) return likely_meaning(summary);
  const auto count = static_cast<std::int64_t>(classes->size());
  if (shape[1] == std::to_string(count + 4)) return output_meaning(Head::one2many, count);
  if (shape[1] == std::to_string(count + kBoxLogits)) return output_meaning(Head::raw, count);
  return fmt::format("not a shape nibble knows for {} classes", count);
}

std::string quantisation_of(const OnnxSummary& summary) {
  const auto decoders = std::count_if(summary.layers.begin(), summary.layers.end(), [](const auto& layer) { return layer.trellis; });
  if (const auto made = count_of(summary, "QLinearConv") + count_of(summary, "ConvInteger") - decoders; made > 0)
    return fmt::format("{} convolutions are integer operators (QLinearConv, ConvInteger)", made);
  std::map<std::string, int> kinds;
  int quantised = 0, inputs = 0;
  for (const auto& layer : summary.layers) {
    inputs += layer.activation_bits > 0 ? 1 : 0;
    if (layer.weight_bits >= 16) continue;
    ++quantised;
    ++kinds[fmt::format("{}-bit weights, {}, {}", layer.weight_bits, granularity_text(layer.granularity), form_of(summary, layer))];
  }
  if (quantised == 0) return "none: every layer is float";
  std::vector<std::string> parts;
  for (const auto& [kind, count] : kinds) parts.push_back(fmt::format("{} of {} layers: {}", count, summary.layers.size(), kind));
  parts.push_back(inputs == 0 ? "inputs are float" : fmt::format("{} read 8-bit inputs", inputs));
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::vector<ProviderTrial> try_providers(const std::filesystem::path& file) {
  std::vector<std::string> there;
  try {
    there = onnx_runtime_info().providers;
  } catch (const Error&) {
    return {};
  }
  std::vector<ProviderTrial> trials;
  for (const auto& [provider, runtime_name] :
       {std::pair{Provider::cpu, "CPUExecutionProvider"}, {Provider::cuda, "CUDAExecutionProvider"}}) {
    if (std::find(there.begin(), there.end(), runtime_name) == there.end()) continue;
    ProviderTrial trial{std::string(name_of(provider)), true, ""};
    try {
      SessionOptions options;
      options.provider = provider;
      options.threads = 1;
      options.optimize = false;
      const Session session(file, options);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      trial.loads = false;
      trial.problem = error.what();
    }
    trials.push_back(std::move(trial));
  }
  return trials;
}

OnnxInspection inspect_onnx(const std::filesystem::path& file) {
  OnnxInspection inspection{.file = file,
                            .summary = summarize_onnx(file),
                            .meaning = {},
                            .lost_scores = {},
                            .quantisation = {},
                            .runtime_version = {},
                            .providers = {}};
  inspection.meaning = meaning_of(inspection.summary);
  if (const auto shared = find_shared_output_scale(file)) inspection.lost_scores = text_of(*shared);
  inspection.quantisation = quantisation_of(inspection.summary);
  inspection.providers = try_providers(file);
  if (!inspection.providers.empty()) inspection.runtime_version = onnx_runtime_info().version;
  return inspection;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"
#include "base/size_text.h"
#include "text/inspect_text.h"
#include "text/result_text.h"

namespace nibble {
namespace {

Json to_json(const OnnxTensor& tensor) { return {{"name", tensor.name}, {"dtype", tensor.dtype}, {"shape", tensor.shape}}; }

Json to_json(const OnnxLayer& layer) {
  return {{"name", layer.name},
          {"op", layer.op},
          {"weight_bits", layer.weight_bits},
          {"granularity", layer.granularity},
          {"activation_bits", layer.activation_bits == 0 ? Json("float") : Json(layer.activation_bits)},
          {"weights", layer.weights},
          {"bytes", layer.bytes},
          {"weight_bytes", layer.weight_bytes},
          {"scale_bytes", layer.scale_bytes},
          {"zero_point_bytes", layer.zero_point_bytes},
          {"bias_bytes", layer.bias_bytes}};
}

Json to_json(const ProviderTrial& trial) {
  return {{"provider", trial.provider}, {"loads", trial.loads}, {"problem", trial.loads ? Json(nullptr) : Json(trial.problem)}};
}

Json to_json(const ByteRow& row) { return {{"what", row.what}, {"count", row.count}, {"bytes", row.bytes}}; }

template <class Item>
Json list_to_json(const std::vector<Item>& items) {
  Json json = Json::array();
  for (const auto& item : items) json.push_back(to_json(item));
  return json;
}

/// The first 90 bytes.
std::string shortened(const std::string& value) {
  constexpr std::size_t kShown = 90;
  std::string text = value.substr(0, kShown);
  if (value.size() > kShown) text += "...";
  return text;
}

std::string tensor_text(const OnnxTensor& tensor) {
  return fmt::format("{} {} [{}]", tensor.name, tensor.dtype, fmt::join(tensor.shape, ","));
}

int count_of(const OnnxSummary& summary, const std::string& op) {
  const auto found = summary.op_counts.find(op);
  return found == summary.op_counts.end() ? 0 : found->second;
}

std::string ops_text(const OnnxSummary& summary) {
  std::vector<std::string> items;
  for (const auto& [op, count] : summary.op_counts) items.push_back(fmt::format("{} {}", count, op));
  return fmt::format("{}", fmt::join(items, ", "));
}

std::string totals_text(const OnnxSummary& summary) {
  std::map<int, std::pair<int, std::int64_t>> by_bits;
  std::int64_t bytes = 0;
  for (const auto& layer : summary.layers) {
    ++by_bits[layer.weight_bits].first;
    by_bits[layer.weight_bits].second += layer.bytes;
    bytes += layer.bytes;
  }
  std::vector<std::string> items;
  for (const auto& [bits, total] : by_bits)
    items.push_back(fmt::format("{} with {}-bit weights ({})", total.first, bits, size_text(total.second)));
  return fmt::format("{}; everything else {}", fmt::join(items, ", "), size_text(summary.file_bytes - bytes));
}

std::string share_of(std::int64_t bytes, std::int64_t whole) {
  return fmt::format("{:.1f} %", whole > 0 ? 100.0 * static_cast<double>(bytes) / static_cast<double>(whole) : 0.0);
}

std::string ledger_table(const OnnxSummary& summary) {
  std::string text = fmt::format("\n{:<52} {:>7} {:>10} {:>8}\n", "where the bytes are", "count", "bytes", "share");
  std::int64_t sum = 0;
  for (const auto& row : summary.ledger) {
    text += fmt::format("{:<52} {:>7} {:>10} {:>8}\n", row.what, row.count, row.bytes, share_of(row.bytes, summary.file_bytes));
    sum += row.bytes;
  }
  return text + fmt::format("{:<52} {:>7} {:>10} {:>8}\n", "together", "", sum, share_of(sum, summary.file_bytes));
}

std::string layer_table(const OnnxSummary& summary) {
  std::string text = fmt::format("\n{:<40} {:<7} {:>4} {:>5}  {:<9} {:>10} {:>10} {:>8} {:>8} {:>8}\n", "layer", "op", "bits", "input",
                                 "scales", "weights", "bytes", "+ scales", "+ zeros", "+ bias");
  for (const auto& layer : summary.layers)
    text += fmt::format("{:<40} {:<7} {:>4} {:>5}  {:<9} {:>10} {:>10} {:>8} {:>8} {:>8}\n", layer.name, layer.op, layer.weight_bits,
                        layer.activation_bits == 0 ? "float" : std::to_string(layer.activation_bits), layer.granularity, layer.weights,
                        layer.weight_bytes, layer.scale_bytes, layer.zero_point_bytes, layer.bias_bytes);
  return text;
}

std::string trial_text(const ProviderTrial& trial, const std::string& version) {
  const auto runtime = "ONNX Runtime " + version;
  return trial.loads ? fmt::format("{}, provider {}", runtime, trial.provider)
                     : fmt::format("not {}, provider {}: {}", runtime, trial.provider, trial.problem);
}

}  // namespace

Json to_json(const OnnxInspection& inspection) {
  const auto& summary = inspection.summary;
  return {{"file", inspection.file.string()},
          {"bytes", summary.file_bytes},
          {"ir_version", summary.ir_version},
          {"opset", summary.opset},
          {"producer", summary.producer},
          {"inputs", list_to_json(summary.inputs)},
          {"outputs", list_to_json(summary.outputs)},
          {"meaning", inspection.meaning},
          {"quantised", inspection.quantisation},
          {"runs_in", list_to_json(inspection.providers)},
          {"metadata", summary.metadata},
          {"ops", summary.op_counts},
          {"ledger", list_to_json(summary.ledger)},
          {"layers", list_to_json(summary.layers)}};
}

std::string text_of(const OnnxInspection& inspection) {
  const auto& summary = inspection.summary;
  std::string text;
  const auto line = [&text](const char* key, const std::string& value) { text += fmt::format("{:<11} {}\n", key, value); };
  line("file", fmt::format("{} ({})", inspection.file.string(), size_text(summary.file_bytes)));
  line("format", fmt::format("ONNX IR {}, opset {}, by {}", summary.ir_version, summary.opset,
                             summary.producer.empty() ? "unknown" : summary.producer));
  for (const auto& tensor : summary.inputs) line("input", tensor_text(tensor));
  for (const auto& tensor : summary.outputs) line("output", tensor_text(tensor));
  line("meaning", inspection.meaning);
  if (!inspection.lost_scores.empty()) line("warning", "scores are lost: " + inspection.lost_scores);
  line("operators", ops_text(summary));
  line("quantisers",
       fmt::format("{} QuantizeLinear, {} DequantizeLinear", count_of(summary, "QuantizeLinear"), count_of(summary, "DequantizeLinear")));
  line("quantised", inspection.quantisation);
  line("layers", totals_text(summary));
  if (inspection.providers.empty()) line("runs in", "not tried: ONNX Runtime is not here; see nibble doctor");
  for (const auto& trial : inspection.providers) line("runs in", trial_text(trial, inspection.runtime_version));
  for (const auto& [key, value] : summary.metadata) line("metadata", fmt::format("{} = {}", key, shortened(value)));
  return text + ledger_table(summary) + layer_table(summary);
}

std::string text_of(const InspectResult& result) {
  return std::visit([](const auto& found) { return text_of(found); }, result);
}

std::string json_text_of(const InspectResult& result) {
  const Json json = std::visit([](const auto& found) { return to_json(found); }, result);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Results about single files: export and clean-up, in words.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/image_size_text.h"
#include "base/json.h"
#include "base/size_text.h"
#include "text/result_text.h"

namespace nibble {
namespace {

Json to_json(const GraphCensus& census) {
  return {{"nodes", census.nodes},
          {"initialisers", census.initialisers},
          {"QuantizeLinear", census.quantize},
          {"DequantizeLinear", census.dequantize},
          {"packed_weights", census.unpacked},
          {"bytes", census.bytes}};
}

/// What was compared ("[1,84,8400], [1]").
std::string comparison_detail(const CleanResult& result) {
  std::vector<std::string> shapes;
  for (const auto& shape : result.output_shapes) shapes.push_back(fmt::format("[{}]", fmt::join(shape, ",")));
  return fmt::format("{}", fmt::join(shapes, ", "));
}

std::string census_row(const char* what, std::int64_t before, std::int64_t after) {
  return fmt::format("{:<18}{:>12}{:>12}\n", what, before, after);
}

}  // namespace

std::string text_of(const ExportResult& result) {
  return fmt::format("{}: {}, input {} px, output0 {}\n", result.file.string(), size_text(result.bytes), text_of(result.image_size),
                     result.output_meaning);
}

std::string text_of(const CleanResult& result) {
  const auto &before = result.before, &after = result.after;
  std::string text = fmt::format("{}: {}, was {}\n\n", result.output.string(), size_text(after.bytes), size_text(before.bytes));
  text += fmt::format("{:<18}{:>12}{:>12}\n", "", "before", "after");
  text += census_row("nodes", before.nodes, after.nodes) + census_row("initialisers", before.initialisers, after.initialisers) +
          census_row("QuantizeLinear", before.quantize, after.quantize) +
          census_row("DequantizeLinear", before.dequantize, after.dequantize) +
          (before.unpacked > 0 ? census_row("packed weights", before.unpacked, after.unpacked) : "") +
          census_row("bytes", before.bytes, after.bytes) + "\n";
  bool changed = false;
  for (const auto& count : result.passes) {
    if (count.applied == 0) continue;
    text += fmt::format("{:>6} {} ({})\n", count.applied, count.what, count.pass);
    changed = true;
  }
  if (!changed) text += "There was nothing to clean.\n";
  return text +
         fmt::format("\nOutputs equal bit for bit in ONNX Runtime on random input, optimisations off: {}\n", comparison_detail(result));
}

std::string json_text_of(const CleanResult& result) {
  Json passes = Json::object();
  for (const auto& count : result.passes) passes[count.pass] = count.applied;
  const Json json = {{"input", result.input.string()},
                     {"output", result.output.string()},
                     {"before", to_json(result.before)},
                     {"after", to_json(result.after)},
                     {"passes", passes},
                     {"outputs_compared", result.outputs_compared},
                     {"outputs_detail", comparison_detail(result)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace nibble

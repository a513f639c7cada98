// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json.h"
#include "base/output_path.h"
#include "base/scratch_file.h"
#include "base/size_text.h"
#include "export/cleanup.h"
#include "nibble/error.h"
#include "nibble/run.h"
#include "ort/parity.h"
#include "scoring/detector_file.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

/// What ONNX Runtime says about the two files.
struct OutputCheck {
  bool compared = false;
  std::string detail;  ///< what was compared, or why nothing was
};

std::string shape_text(const Tensor& tensor) { return fmt::format("[{}]", fmt::join(tensor.shape(), ",")); }

/// The answer of the file to random input, or why there is none: a file this runtime cannot run may still be cleaned.
std::vector<Tensor> answer_of(const fs::path& model, const RuntimeOptions& runtime, std::string& why_not) {
  try {
    const Session session = open_session(model, runtime, false);
    return session.run(random_inputs(session, runtime.seed));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage || error.kind() == ErrorKind::interrupted) throw;
    why_not = error.what();
    return {};
  }
}

/// Error(internal) when the cleaned file does not answer as the original did.
OutputCheck compare_answers(const fs::path& from, const fs::path& cleaned, const RuntimeOptions& runtime) {
  std::string why_not;
  const auto before = answer_of(from, runtime, why_not);
  if (!why_not.empty()) return {false, why_not};
  const auto after = answer_of(cleaned, runtime, why_not);
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::internal,
                fmt::format("clean: {}: the cleaned file {}; nothing was written; please report it with the file", from.string(), why));
  };
  if (!why_not.empty()) refuse("does not run: " + why_not);
  if (before.size() != after.size()) refuse("has another number of outputs");
  std::vector<std::string> shapes;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!identical(before[i], after[i])) refuse(fmt::format("gives other numbers at output {}", i));
    shapes.push_back(shape_text(before[i]));
  }
  return {true, fmt::format("{}", fmt::join(shapes, ", "))};
}

Json to_json(const GraphCensus& census) {
  return {{"nodes", census.nodes},
          {"initialisers", census.initialisers},
          {"QuantizeLinear", census.quantize},
          {"DequantizeLinear", census.dequantize},
          {"packed_weights", census.unpacked},
          {"bytes", census.bytes}};
}

std::string json_text(const CleanOptions& options, const CleanupResult& result, const OutputCheck& check) {
  Json passes = Json::object();
  for (const auto& count : result.counts) passes[count.pass] = count.applied;
  const Json json = {{"input", options.input.string()},
                     {"output", options.output.string()},
                     {"before", to_json(result.before)},
                     {"after", to_json(result.after)},
                     {"passes", passes},
                     {"outputs_compared", check.compared},
                     {"outputs_detail", check.detail}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string census_row(const char* what, std::int64_t before, std::int64_t after) {
  return fmt::format("{:<18}{:>12}{:>12}\n", what, before, after);
}

std::string result_text(const CleanOptions& options, const CleanupResult& result, const OutputCheck& check) {
  const auto &before = result.before, &after = result.after;
  std::string text = fmt::format("{}: {}, was {}\n\n", options.output.string(), size_text(after.bytes), size_text(before.bytes));
  text += fmt::format("{:<18}{:>12}{:>12}\n", "", "before", "after");
  text += census_row("nodes", before.nodes, after.nodes) + census_row("initialisers", before.initialisers, after.initialisers) +
          census_row("QuantizeLinear", before.quantize, after.quantize) +
          census_row("DequantizeLinear", before.dequantize, after.dequantize) +
          (before.unpacked > 0 ? census_row("packed weights", before.unpacked, after.unpacked) : "") +
          census_row("bytes", before.bytes, after.bytes) + "\n";
  bool changed = false;
  for (const auto& count : result.counts) {
    if (count.applied == 0) continue;
    text += fmt::format("{:>6} {} ({})\n", count.applied, count.what, count.pass);
    changed = true;
  }
  if (!changed) text += "There was nothing to clean.\n";
  text += check.compared ? fmt::format("\nOutputs equal bit for bit in ONNX Runtime on random input, optimisations off: {}\n", check.detail)
                         : fmt::format("\nOutputs were NOT compared: the original cannot be run here: {}\n", check.detail);
  return text;
}

}  // namespace

std::string clean(const CleanOptions& options) {
  if (options.output.empty()) throw Error(ErrorKind::usage, "clean: no output file; give one with -o OUT.onnx");
  refuse_same_file(options.output, {options.input});
  require_provider(options.runtime.provider);
  const ScratchFile cleaned(options.output);
  const auto result = clean_model(options.input, cleaned.at, {options.own_initialisers, options.strip, options.narrow_constants});
  const auto check = compare_answers(options.input, cleaned.at, options.runtime);
  cleaned.keep();
  return options.json ? json_text(options, result, check) : result_text(options, result, check);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "artifacts/variant_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "artifacts/source_model.h"
#include "base/scratch_file.h"
#include "export/cleanup.h"
#include "export/emit.h"
#include "graph/rewrites.h"
#include "nibble/error.h"
#include "quant/target.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

Dialect dialect_of(const VariantFile& file) {
  if (file.dialect == "integer") return Dialect::integer;
  if (file.dialect == "unpack") return Dialect::unpack;
  return file.dialect == "int4" ? Dialect::int4 : Dialect::qcdq;
}

EmitOptions emit_options(const ModelInfo& info, const Recipe& recipe, const VariantFile& file, bool is_trained, int opset) {
  EmitOptions options;
  options.dialect = dialect_of(file);
  options.opset = opset;
  options.clips = recipe.target.empty() || find_target(recipe.target).clips;
  options.metadata = quantized_metadata(info, file.suffix == "fp16" ? "float16" : "float32", recipe.name, file.dialect, recipe.weights.bits,
                                        recipe.activations.bits, is_trained);
  if (!recipe.target.empty()) options.metadata["nibble.target"] = recipe.target;
  return options;
}

/// A file whose size counts is written cleaned at once.
void emit_cleaned(const Graph& graph, const EmitOptions& options, const fs::path& path) {
  const ScratchFile raw(path);
  emit_model(graph, options, raw.at);
  CleanupOptions cleanup;
  cleanup.narrow_constants = true;
  cleanup.short_names = true;
  clean_model(raw.at, path, cleanup);
}

/// A guard: calibration measured the file it chose, and training hardly changes its size.
void require_size(const Recipe& recipe, const fs::path& path) {
  const auto bytes = static_cast<std::int64_t>(fs::file_size(path));
  if (recipe.mixed.max_bytes == 0 || bytes <= recipe.mixed.max_bytes) return;
  fs::remove(path);
  throw Error(ErrorKind::internal,
              fmt::format("budget: {}: has {} bytes, {} were allowed; allow a few more", path.string(), bytes, recipe.mixed.max_bytes));
}

}  // namespace

Dialects parse_dialects(const std::string& name) {
  const Dialects none{.qcdq = false, .int4 = false, .integer = false, .unpack = false};
  Dialects wanted = none;
  if (name == "all") return {};
  if (name == "qcdq" || name == "both") wanted.qcdq = true;
  if (name == "int4" || name == "both") wanted.int4 = true;
  if (name == "integer") wanted.integer = true;
  if (name == "unpack") wanted.unpack = true;
  if (wanted == none)
    throw Error(ErrorKind::usage, fmt::format("dialect '{}': unknown; expected qcdq, int4, unpack, integer, both or all", name));
  return wanted;
}

namespace {
bool has_trellis(const Recipe& recipe) { return recipe.weights.code == WeightCode::trellis; }

/// Everywhere: a rule may quantise the input of a single layer.
bool has_float_activations(const Recipe& recipe) {
  return recipe.activations.bits == 0 &&
         std::none_of(recipe.rules.begin(), recipe.rules.end(), [](const auto& rule) { return rule.activation_bits.value_or(0) != 0; });
}

std::string why_no_file(const Recipe& recipe, const Dialects& wanted) {
  if (!recipe.target.empty()) {
    const Target& target = find_target(recipe.target);
    return fmt::format("none of these dialects is for {} ({}); leave --dialect out", target.consumer, target.basis);
  }
  if (has_trellis(recipe))
    return "the codes of a trellis are 8-bit levels, which the unpack form alone packs; use --dialect unpack, or qcdq or integer for bytes";
  if (wanted.unpack)
    return "the unpack form of uniform codes is for float activations: of a convolution between quantisers ONNX Runtime rounds float "
           "weights to 8 bits; use "
           "--dialect int4 or integer";
  return recipe.weights.granularity == Granularity::block
             ? "scales per block have no QCDQ and no integer form; use --dialect int4 or unpack"
             : "the integer form needs 8-bit activations, as w4a8 and w8a8 have; use --dialect int4 or unpack";
}
}  // namespace

std::vector<VariantFile> files_of(const Recipe& recipe, const Dialects& wanted) {
  const bool has_blocks = recipe.weights.granularity == Granularity::block, has_integers = recipe.activations.bits == 8;
  const bool has_half = recipe.activations.bits == 0 && recipe.fp16_files, is_float = has_float_activations(recipe);
  const auto takes = [&](bool is_wanted, std::string_view dialect) { return is_wanted && takes_dialect(recipe, dialect); };
  std::vector<VariantFile> files;
  const auto add = [&](const char* dialect, std::initializer_list<const char*> suffixes) {
    for (const char* suffix : suffixes) files.push_back({dialect, suffix});
    if (has_half) files.push_back({dialect, "fp16"});
  };
  if (takes(wanted.qcdq, "qcdq") && !has_blocks) add("qcdq", {"", "opt"});
  if (takes(wanted.int4, "int4") && !has_trellis(recipe)) add("int4", {""});
  if (takes(wanted.unpack, "unpack") && (is_float || has_trellis(recipe))) add("unpack", {""});
  if (takes(wanted.integer, "integer") && !has_blocks && has_integers) files.push_back({"integer", ""});
  if (!files.empty()) return files;
  throw Error(ErrorKind::unsupported, fmt::format("quantize: recipe {}: {}", recipe.name, why_no_file(recipe, wanted)));
}

Dialects wanted_dialects(const std::string& name, const Recipe& recipe) {
  if (!name.empty()) return parse_dialects(name);
  if (!recipe.target.empty()) return parse_dialects("all");
  return parse_dialects(has_trellis(recipe) ? "unpack" : "both");
}

std::optional<std::size_t> index_of(const std::vector<VariantFile>& files, std::string_view dialect, std::string_view suffix) {
  for (std::size_t i = 0; i < files.size(); ++i)
    if (files[i].dialect == dialect && files[i].suffix == suffix) return i;
  return std::nullopt;
}

std::string artifact_name(const Recipe& recipe, const VariantFile& file, const std::string& method) {
  return fmt::format("{}-{}-{}{}{}", recipe.name, file.dialect, method, file.suffix.empty() ? "" : "-", file.suffix);
}

bool is_scored(const Recipe& recipe, const VariantFile& file) {
  if (file.dialect == "unpack") return file.suffix.empty();
  if (recipe.weights.granularity == Granularity::block) return file.dialect == "int4" && file.suffix.empty();
  return (file.dialect == "qcdq" && file.suffix == "opt") || file.dialect == "integer";
}

void require_opset(const std::vector<VariantFile>& files, int opset) {
  for (const auto& file : files) resolved_opset(dialect_of(file), opset);
}

std::int64_t write_packed(const Detector& baseline, const Graph& graph, const Recipe& recipe, const fs::path& path) {
  emit_cleaned(graph, emit_options(baseline.info, recipe, {has_trellis(recipe) ? "unpack" : "int4", ""}, false, 0), path);
  return static_cast<std::int64_t>(fs::file_size(path));
}

void write_variant_files(const Detector& baseline, const QuantizedNetwork& network, const Recipe& recipe,
                         const std::vector<VariantFile>& files, const OutputRanges& ranges, const VariantPath& path_of, int opset) {
  for (const auto& file : files) {
    const auto options = emit_options(baseline.info, recipe, file, network.is_trained, opset);
    const Graph graph = file.suffix == "fp16" ? to_half(network.graph).graph : network.graph;
    if (file.suffix == "opt") {
      clean_model(path_of({file.dialect, ""}), path_of(file));
    } else if (file.dialect == "integer") {
      emit_cleaned(to_integer(network.graph, ranges).graph, options, path_of(file));
    } else if (file.dialect == "unpack") {
      emit_cleaned(graph, options, path_of(file));
    } else if (file.dialect == "int4") {
      emit_cleaned(graph, options, path_of(file));
      require_size(recipe, path_of(file));
    } else {
      emit_model(graph, options, path_of(file));
    }
  }
}

}  // namespace nibble

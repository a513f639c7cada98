// SPDX-License-Identifier: Apache-2.0
#include "pipeline/ptq.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "export/cleanup.h"
#include "export/emit.h"
#include "graph/rewrites.h"
#include "nibble/error.h"
#include "pipeline/budget.h"
#include "pipeline/output_ranges.h"
#include "pipeline/scratch_file.h"
#include "pipeline/source_model.h"
#include "quant/place.h"
#include "quant/preset.h"
#include "report/report_json.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

Dialect dialect_of(const PtqFile& file) {
  if (file.dialect == "integer") return Dialect::integer;
  return file.dialect == "int4" ? Dialect::int4 : Dialect::qcdq;
}

EmitOptions emit_options(const ModelCard& card, const Recipe& recipe, const PtqFile& file, bool is_trained, int opset) {
  EmitOptions options;
  options.dialect = dialect_of(file);
  options.opset = opset;
  options.metadata = quantized_metadata(card, file.suffix == "fp16" ? "float16" : "float32", recipe.name, file.dialect, recipe.weights.bits,
                                        recipe.activations.bits, is_trained);
  return options;
}

/// A file whose size counts is written cleaned at once.
void emit_cleaned(const Graph& graph, const EmitOptions& options, const fs::path& path) {
  const ScratchFile raw(path);
  emit_model(graph, options, raw.at);
  CleanupOptions cleanup;
  cleanup.narrow_constants = true;
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

/// Layers the recipe wanted quantised, with what it wanted.
std::map<std::string, LayerPlan> wanted_layers(const Graph& baseline, const Recipe& recipe) {
  std::map<std::string, LayerPlan> wanted;
  for (const auto& plan : place_quantizers(baseline, recipe))
    if (plan.weight) wanted.emplace(baseline.nodes[plan.node].name, plan);
  return wanted;
}

std::string with_note(const LayerStat& layer, const std::string& what) {
  return layer.note.empty() ? fmt::format("{}: {}", layer.node, what) : fmt::format("{}: {} ({})", layer.node, what, layer.note);
}

/// Empty when the layer got what was asked.
std::string shortfall_of(const LayerStat& layer, const LayerPlan& plan, const Recipe& recipe) {
  const bool raised = recipe.mixed.is_on() && layer.weight_bits == recipe.mixed.high_bits;
  if (layer.weight_bits != plan.weight->bits && !raised)
    return with_note(layer, fmt::format("{} weight bits instead of {}", layer.weight_bits, plan.weight->bits));
  if (plan.activation && layer.activation_bits != plan.activation->bits) return with_note(layer, "float input instead of a quantised one");
  if (recipe.weights.rounding == Rounding::gptq && !layer.method.starts_with("gptq"))
    return with_note(layer, layer.method + " instead of gptq");
  return "";
}

Json layer_to_json(const LayerStat& layer) {
  Json json = {{"node", layer.node},       {"weight_bits", layer.weight_bits}, {"activation_bits", layer.activation_bits},
               {"method", layer.method},   {"sqnr_db", layer.sqnr_db},         {"output_sqnr_db", layer.output_sqnr_db},
               {"clipped", layer.clipped}, {"zeroed", layer.zeroed},           {"damping", layer.damping}};
  if (layer.low_damage) json["damage"] = {{"low_bits", *layer.low_damage}, {"high_bits", *layer.high_damage}};
  if (!layer.note.empty()) json["note"] = layer.note;
  return json;
}

}  // namespace

Recipe resolved_recipe(const std::string& name, const std::string& preset, const std::optional<std::int64_t>& images,
                       const BudgetOptions& budget) {
  Recipe recipe = load_recipe(name);
  apply_preset(recipe, preset);
  apply_budget(recipe, budget);
  if (images) recipe.calibration.images = *images;
  return recipe;
}

Dialects parse_dialects(const std::string& name) {
  if (name == "qcdq") return {.int4 = false, .integer = false};
  if (name == "int4") return {.qcdq = false, .integer = false};
  if (name == "integer") return {.qcdq = false, .int4 = false};
  if (name == "both") return {.integer = false};
  if (name == "all") return {};
  throw Error(ErrorKind::usage, fmt::format("dialect '{}': unknown; expected qcdq, int4, integer, both or all", name));
}

std::vector<PtqFile> files_of(const Recipe& recipe, const Dialects& wanted) {
  const bool has_blocks = recipe.weights.granularity == Granularity::block, has_integers = recipe.activations.bits == 8;
  std::vector<PtqFile> files;
  const bool has_half = recipe.activations.bits == 0 && recipe.half_twin;
  if (wanted.qcdq && !has_blocks) files = {{"qcdq", ""}, {"qcdq", "opt"}};
  if (wanted.qcdq && !has_blocks && has_half) files.push_back({"qcdq", "fp16"});
  if (wanted.int4) files.push_back({"int4", ""});
  if (wanted.int4 && has_half) files.push_back({"int4", "fp16"});
  if (wanted.integer && !has_blocks && has_integers) files.push_back({"integer", ""});
  if (!files.empty()) return files;
  throw Error(ErrorKind::unsupported, fmt::format("quantize: recipe {}: {}; use --dialect int4", recipe.name,
                                                  has_blocks ? "scales per block have no QCDQ and no integer form"
                                                             : "the integer form needs 8-bit activations, as w4a8 and w8a8 have"));
}

std::optional<std::size_t> index_of(const std::vector<PtqFile>& files, std::string_view dialect, std::string_view suffix) {
  for (std::size_t i = 0; i < files.size(); ++i)
    if (files[i].dialect == dialect && files[i].suffix == suffix) return i;
  return std::nullopt;
}

std::string artifact_name(const Recipe& recipe, const PtqFile& file, const std::string& method) {
  return fmt::format("{}-{}-{}{}{}", recipe.name, file.dialect, method, file.suffix.empty() ? "" : "-", file.suffix);
}

bool is_scored(const Recipe& recipe, const PtqFile& file) {
  if (recipe.weights.granularity == Granularity::block) return file.dialect == "int4";
  return (file.dialect == "qcdq" && file.suffix == "opt") || file.dialect == "integer";
}

OutputRanges ranges_for(const std::vector<PtqFile>& files, const CalibrationResult& result, const CalibrationImages& images,
                        const RuntimeOptions& runtime, const PtqPath& path_of, Progress& progress) {
  const auto integer = index_of(files, "integer", "");
  return integer ? observe_output_ranges(result.graph, images, runtime, path_of(files[*integer]), progress) : OutputRanges{};
}

void require_opset(const std::vector<PtqFile>& files, int opset) {
  for (const auto& file : files) resolved_opset(dialect_of(file), opset);
}

std::int64_t write_int4(const Detector& baseline, const Graph& graph, const Recipe& recipe, const fs::path& path) {
  emit_cleaned(graph, emit_options(baseline.card, recipe, {"int4", ""}, false, 0), path);
  return static_cast<std::int64_t>(fs::file_size(path));
}

void write_ptq_files(const Detector& baseline, const CalibrationResult& result, const Recipe& recipe, const std::vector<PtqFile>& files,
                     const OutputRanges& ranges, const PtqPath& path_of, int opset) {
  for (const auto& file : files) {
    const auto options = emit_options(baseline.card, recipe, file, result.is_trained, opset);
    const Graph graph = file.suffix == "fp16" ? to_half(result.graph).graph : result.graph;
    if (file.suffix == "opt") {
      clean_model(path_of({file.dialect, ""}), path_of(file));
    } else if (file.dialect == "integer") {
      emit_cleaned(to_integer(result.graph, ranges).graph, options, path_of(file));
    } else if (file.dialect == "int4") {
      emit_cleaned(graph, options, path_of(file));
      require_size(recipe, path_of(file));
    } else {
      emit_model(graph, options, path_of(file));
    }
  }
}

RecipeReport report_of(const Graph& baseline, const Recipe& recipe, const CalibrationResult& result) {
  const auto wanted = wanted_layers(baseline, recipe);
  RecipeReport report{recipe.name, recipe.max_map_drop, result.images, 0, {}, {}};
  std::set<std::string> seen;
  for (const auto& layer : result.layers) {
    seen.insert(layer.node);
    const auto plan = wanted.find(layer.node);
    if (plan == wanted.end()) {
      report.float_layers.push_back(with_note(layer, "float"));
      continue;
    }
    if (layer.weight_bits < 32) ++report.quantized_layers;
    if (auto shortfall = shortfall_of(layer, plan->second, recipe); !shortfall.empty())
      report.skipped_layers.push_back(std::move(shortfall));
  }
  for (const auto& [name, plan] : wanted)
    if (!seen.contains(name)) report.skipped_layers.push_back(name + ": calibration says nothing about it");
  return report;
}

Json layers_document(const RecipeReport& report, const Recipe& recipe, const CalibrationResult& result) {
  Json layers = Json::array();
  for (const auto& layer : result.layers) layers.push_back(layer_to_json(layer));
  Json document = {{"recipe", to_json(report)}, {"layers", layers}};
  for (const auto& point : result.front)
    document["front"].push_back({{"raised", point.raised}, {"average_bits", point.average_bits}, {"damage", point.damage}});
  if (result.chosen) document["budget"] = budget_document(recipe, *result.chosen);
  return document;
}

}  // namespace nibble

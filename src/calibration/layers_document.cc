// SPDX-License-Identifier: Apache-2.0
#include "calibration/layers_document.h"

#include <fmt/format.h>

#include <limits>
#include <map>
#include <set>

#include "calibration/budget.h"
#include "quant/place.h"
#include "report/report_json.h"

namespace nibble {
namespace {

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
  if (layer.weight_bits != plan.weight->stored_bits() && !raised)
    return with_note(layer, fmt::format("{} weight bits instead of {}", layer.weight_bits, plan.weight->stored_bits()));
  if (plan.activation && layer.activation_bits != plan.activation->bits) return with_note(layer, "float input instead of a quantised one");
  return "";
}

/// Whether it got its bits, and less than GPTQ on its statistics to choose the codes by.
bool is_rounded_with_less(const LayerStat& layer, const Recipe& recipe) {
  return layer.weight_bits < 32 && recipe.weights.rounding == Rounding::gptq && !layer.method.starts_with("gptq");
}

Json layer_to_json(const LayerStat& layer) {
  Json json = {{"node", layer.node},       {"weight_bits", layer.weight_bits}, {"activation_bits", layer.activation_bits},
               {"method", layer.method},   {"sqnr_db", layer.sqnr_db},         {"output_sqnr_db", layer.output_sqnr_db},
               {"clipped", layer.clipped}, {"zeroed", layer.zeroed},           {"damping", layer.damping}};
  if (layer.low_damage) json["damage"] = {{"low_bits", *layer.low_damage}, {"high_bits", *layer.high_damage}};
  if (!layer.note.empty()) json["note"] = layer.note;
  return json;
}

/// JSON has no infinity: a document that was written and read again says null, which stands for weights that did not change.
double decibels_from(const PlacedJson& value) { return value.is_null() ? std::numeric_limits<double>::infinity() : value.get<double>(); }

}  // namespace

RecipeReport report_of(const Graph& baseline, const Recipe& recipe, const CalibrationResult& result) {
  const auto wanted = wanted_layers(baseline, recipe);
  RecipeReport report{recipe.name, recipe.max_map_drop, result.images, 0, {}, {}, {}};
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
    else if (is_rounded_with_less(layer, recipe))
      report.rounded_with_less.push_back(with_note(layer, layer.method + " instead of gptq"));
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

std::vector<LayerReport> layer_reports_from_json(const PlacedJson& document) {
  std::vector<LayerReport> layers;
  for (const auto& row : document.at("layers").list())
    layers.push_back({.name = row.at("node"),
                      .weight_bits = row.at("weight_bits"),
                      .activation_bits = row.at("activation_bits"),
                      .method = row.at("method"),
                      .sqnr_db = decibels_from(row.at("sqnr_db")),
                      .output_sqnr_db = decibels_from(row.at("output_sqnr_db")),
                      .clipped_share = row.at("clipped"),
                      .zeroed_share = row.at("zeroed"),
                      .damping = row.at("damping"),
                      .note = row.value("note", "")});
  return layers;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "report/budget_text.h"
#include "report/html/html_parts.h"
#include "report/html/svg_chart.h"
#include "report/html/svg_lines.h"

namespace nibble {
namespace {

constexpr std::size_t kWorst = 5;

/// A row of layers.json.
struct Layer {
  std::string node, method, note;
  int weight_bits = 32, activation_bits = 32;
  std::optional<double> sqnr, output_sqnr;  ///< of quantised layers; none where it is infinite
  double clipped = 0, zeroed = 0;
  bool is_quantized() const { return weight_bits < 32; }
};

/// A number that JSON cannot hold (infinity) is null there.
std::optional<double> number_of(const PlacedJson& json, const char* key) {
  const auto value = json.at(key);
  return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

Layer layer_of(const PlacedJson& json) {
  Layer layer{json.at("node"),    json.at("method"), json.value("note", ""), json.at("weight_bits"), json.at("activation_bits"), {}, {},
              json.at("clipped"), json.at("zeroed")};
  if (!layer.is_quantized()) return layer;
  layer.sqnr = number_of(json, "sqnr_db");
  layer.output_sqnr = number_of(json, "output_sqnr_db");
  return layer;
}

using Layers = std::vector<Layer>;

Layers layers_of(const std::map<std::string, PlacedJson>& documents, const std::string& recipe) {
  Layers layers;
  if (const auto found = documents.find(recipe); found != documents.end())
    for (const auto& row : found->second.at("layers").list()) layers.push_back(layer_of(row));
  return layers;
}

std::string decibel_text(const std::optional<double>& value) { return value ? fmt::format("{:.1f}", *value) : "-"; }
std::string percent_text(double share) { return fmt::format("{:.2f}", 100 * share); }
std::string bits_text(int bits) { return bits >= 32 ? "float" : std::to_string(bits); }

/// "model.22.m.0.cv1.conv" -> "22"
std::string module_of(const std::string& node) {
  const auto first = node.find('.');
  return first == std::string::npos ? node : node.substr(first + 1, node.find('.', first + 1) - first - 1);
}

/// Index in network order, lowest output SQNR first.
std::vector<std::size_t> worst_of(const Layers& layers) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (layers[i].output_sqnr) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return *layers[a].output_sqnr < *layers[b].output_sqnr; });
  order.resize(std::min(order.size(), kWorst));
  return order;
}

std::string found_text(const Layer& layer) {
  return fmt::format("{} dB at the output, {} dB in the weights ({}-bit weights, {})", decibel_text(layer.output_sqnr),
                     decibel_text(layer.sqnr), layer.weight_bits, layer.method);
}

Json worst_list(const Layers& layers, const std::vector<std::size_t>& worst) {
  Json list = Json::array();
  for (std::size_t rank = 0; rank < worst.size(); ++rank)
    list.push_back({{"rank", std::to_string(rank + 1)}, {"layer", layers[worst[rank]].node}, {"found", found_text(layers[worst[rank]])}});
  return list;
}

Json chart_of(const std::string& recipe, const Layers& layers, const std::vector<std::size_t>& worst, double top) {
  if (worst.empty()) return false;
  ColumnChart chart{
      .title = fmt::format("{}: output SQNR of each convolution in network order", recipe), .unit = "dB", .columns = {}, .top = top};
  for (const auto& layer : layers)
    chart.columns.push_back(
        {fmt::format("{}: {} dB", layer.node, decibel_text(layer.output_sqnr)), layer.output_sqnr, module_of(layer.node), ""});
  for (std::size_t rank = 0; rank < worst.size(); ++rank) chart.columns[worst[rank]].mark = std::to_string(rank + 1);
  return column_chart_svg(chart);
}

Json table_of(const Layers& layers) {
  Json rows = Json::array();
  for (const auto& layer : layers) {
    const bool quantized = layer.is_quantized();
    rows.push_back({{"layer", layer.node},
                    {"weight_bits", bits_text(layer.weight_bits)},
                    {"activation_bits", bits_text(layer.activation_bits)},
                    {"method", layer.method},
                    {"sqnr", decibel_text(layer.sqnr)},
                    {"output_sqnr", decibel_text(layer.output_sqnr)},
                    {"clipped", quantized ? percent_text(layer.clipped) : "-"},
                    {"zeroed", quantized ? percent_text(layer.zeroed) : "-"},
                    {"note", layer.note}});
  }
  return rows;
}

/// How many layers got more bits than the others.
int raised_layers(const Layers& layers) {
  int least = 32;
  for (const auto& layer : layers) least = std::min(least, layer.weight_bits);
  return static_cast<int>(
      std::count_if(layers.begin(), layers.end(), [&](const Layer& layer) { return layer.is_quantized() && layer.weight_bits > least; }));
}

/// Predicted damage over average bits, the chosen bits marked; false where the damages were not measured.
Json front_chart(const std::string& recipe, const PlacedJson& document) {
  if (!document.contains("front")) return false;
  Line front;
  for (const auto& point : document.at("front").list()) front.points.push_back({point.at("average_bits"), point.at("damage")});
  LineChart chart{.title = recipe + ": predicted damage by average bits per weight", .unit = "", .x_name = "bits", .lines = {front}};
  if (document.contains("budget")) {
    const auto chosen = document.at("budget").at("chosen");
    chart.lines.push_back({{{chosen.at("average_bits"), chosen.at("damage")}}, LineStyle::dotted});
  }
  return line_chart_svg(chart);
}

/// False where no bits were mixed.
Json mixed_bits_of(const std::map<std::string, PlacedJson>& documents, const std::string& recipe, const Layers& layers, Task task) {
  const auto found = documents.find(recipe);
  if (found == documents.end() || !(found->second.contains("front") || found->second.contains("budget"))) return false;
  const std::string raised = fmt::format("{} of {} layers have more bits than the others", raised_layers(layers), layers.size());
  std::vector<std::string> lines;
  if (found->second.contains("budget")) lines = budget_lines(budget_report_from_json(found->second.at("budget")), task);
  lines.insert(lines.begin(), raised);
  return {{"chart", front_chart(recipe, found->second)}, {"text", fmt::format("{}", fmt::join(lines, ". "))}};
}

/// {count, items}; false when empty.
Json list_of(const std::vector<std::string>& items) {
  if (items.empty()) return false;
  return {{"count", std::to_string(items.size())}, {"items", items}};
}

double highest_sqnr(const std::vector<Layers>& all) {
  double highest = 0;
  for (const auto& layers : all)
    for (const auto& layer : layers) highest = std::max(highest, layer.output_sqnr.value_or(0));
  return highest;
}

Json section_of(const RecipeReport& recipe, const std::map<std::string, PlacedJson>& documents, const Layers& layers, double top,
                Task task) {
  const auto worst = worst_of(layers);
  return {
      {"name", recipe.name},
      {"heading", fmt::format("{} convolutions quantised, calibrated on {} images", recipe.quantized_layers, recipe.calibration_images)},
      {"chart", chart_of(recipe.name, layers, worst, top)},
      {"worst", worst_list(layers, worst)},
      {"mixed", mixed_bits_of(documents, recipe.name, layers, task)},
      {"float_layers", list_of(recipe.float_layers)},
      {"skipped_layers", list_of(recipe.skipped_layers)},
      {"has_rows", !layers.empty()},
      {"row_count", std::to_string(layers.size())},
      {"rows", table_of(layers)}};
}

}  // namespace

Json layer_sections(const Report& report, const std::map<std::string, PlacedJson>& layers) {
  std::vector<Layers> all;
  for (const auto& recipe : report.recipes) all.push_back(layers_of(layers, recipe.name));
  const double top = highest_sqnr(all);  // one scale, so that recipes compare at a glance
  Json sections = Json::array();
  for (std::size_t i = 0; i < all.size(); ++i) sections.push_back(section_of(report.recipes[i], layers, all[i], top, report.task));
  return sections;
}

}  // namespace nibble

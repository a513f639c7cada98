// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>

#include "base/files.h"
#include "base/json.h"
#include "base/shared_data.h"
#include "nibble/error.h"
#include "nibble/recipes.h"
#include "quant/recipe_keys.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMeasured = "measured.json";

std::string weights_text(const Recipe& recipe) {
  const auto& weights = recipe.weights;
  const auto bits =
      recipe.mixed.is_on() ? fmt::format("{} and {} bits", weights.bits, recipe.mixed.high_bits) : fmt::format("{} bits", weights.bits);
  switch (weights.granularity) {
    case Granularity::tensor: return bits + " per layer";
    case Granularity::channel: return bits + " per channel";
    case Granularity::block: return fmt::format("{} per {} channels", bits, weights.block);
  }
  return bits;
}

/// The comment lines in front of the first key, the licence's left out.
std::string description_of(const std::string& yaml) {
  std::istringstream lines(yaml);
  std::string text;
  for (std::string line; std::getline(lines, line) && line.starts_with('#');) {
    const auto words = line.find_first_not_of("# ");
    if (words == std::string::npos || line.find("SPDX-") != std::string::npos) continue;
    text += (text.empty() ? "" : " ") + line.substr(words);
  }
  return text;
}

RecipeSummary summary_of(const fs::path& file) {
  const auto recipe = load_recipe(file.string());
  return {.name = recipe.name,
          .file = file,
          .weights = weights_text(recipe),
          .activations = recipe.activations.bits == 0 ? "float" : fmt::format("{} bits", recipe.activations.bits),
          .description = description_of(read_file(file)),
          .max_map_drop = recipe.max_map_drop,
          .measured = {}};
}

MeasuredCost cost_of(const Json& row) {
  const auto number = [&](const char* key) {
    return row.at(key).is_null() ? std::optional<double>() : std::optional(row.at(key).get<double>());
  };
  return {row.at("bytes"), number("map_drop"), number("time_ratio")};
}

void add_costs(const fs::path& file, RecipeList& list) {
  if (!is_file(file)) return;
  const auto document = read_json(file);
  try {
    list.measured_on = document.at("measured_on");
    const auto& costs = document.at("recipes");
    for (auto& recipe : list.recipes)
      if (costs.contains(recipe.name)) recipe.measured = cost_of(costs.at(recipe.name));
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::input, fmt::format("measured costs: {}: {}; take the file that came with nibble", file.string(), error.what()));
  }
}

}  // namespace

RecipeList shipped_recipes() {
  const auto folder = shared_data("recipes");
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (is_yaml(entry.path())) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  RecipeList list;
  for (const auto& file : files) list.recipes.push_back(summary_of(file));
  add_costs(folder / kMeasured, list);
  return list;
}

std::string recipe_schema() { return recipe_schema_json().dump(2) + "\n"; }

}  // namespace nibble

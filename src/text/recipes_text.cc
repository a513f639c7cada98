// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/json.h"
#include "base/size_text.h"
#include "text/result_text.h"

namespace nibble {
namespace {

struct CostCells {
  std::string size = "-", drop = "-", time = "-";
};

CostCells cells_of(const RecipeSummary& recipe) {
  if (!recipe.measured) return {};
  const auto& cost = *recipe.measured;
  return {size_text(cost.bytes), cost.map_drop ? fmt::format("{:.1f}", *cost.map_drop) : "-",
          cost.time_ratio ? fmt::format("{:.2f}", *cost.time_ratio) : "-"};
}

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

}  // namespace

std::string text_of(const RecipeList& list) {
  std::size_t name_width = 6, weights_width = 7;
  for (const auto& recipe : list.recipes) {
    name_width = std::max(name_width, recipe.name.size());
    weights_width = std::max(weights_width, recipe.weights.size());
  }
  const auto line = [&](const std::string& name, const std::string& weights, const std::string& activations, const CostCells& cost) {
    return fmt::format("{:<{}}  {:<{}}  {:<11}  {:>8}  {:>6}  {:>5}\n", name, name_width, weights, weights_width, activations, cost.size,
                       cost.drop, cost.time);
  };
  std::string text = line("recipe", "weights", "activations", {"size", "points", "time"});
  for (const auto& recipe : list.recipes) text += line(recipe.name, recipe.weights, recipe.activations, cells_of(recipe));
  text += "\n";
  for (const auto& recipe : list.recipes) text += fmt::format("{}: {}\n", recipe.name, recipe.description);
  text += list.measured_on.empty()
              ? "\nNo costs are recorded.\n"
              : fmt::format(
                    "\nsize: of the INT4 file; points: of mAP 50-95 below float; time: the fastest file's, of the float file's in "
                    "ONNX Runtime on a CPU. Measured on {}.\n",
                    list.measured_on);
  return text + fmt::format("A recipe is a YAML file: copy one of {} and change it.\n",
                            list.recipes.empty() ? "" : list.recipes.front().file.parent_path().string());
}

std::string json_text_of(const RecipeList& list) {
  Json recipes = Json::array();
  for (const auto& recipe : list.recipes) {
    Json row = {{"name", recipe.name},
                {"file", recipe.file.string()},
                {"weights", recipe.weights},
                {"activations", recipe.activations},
                {"description", recipe.description},
                {"max_map_drop", recipe.max_map_drop},
                {"measured", nullptr}};
    if (recipe.measured)
      row["measured"] = {{"bytes", recipe.measured->bytes},
                         {"map_drop", or_null(recipe.measured->map_drop)},
                         {"time_ratio", or_null(recipe.measured->time_ratio)}};
    recipes.push_back(row);
  }
  return Json({{"measured_on", list.measured_on}, {"recipes", recipes}}).dump(2) + "\n";
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "quant/recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/shared_data.h"
#include "base/suggestion.h"
#include "nibble/error.h"
#include "quant/recipe_keys.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

template <class Enum>
const std::string& name_in(const NameList& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

/// Bits that are raised to no more than they are cost a search for nothing.
void require_bits_to_raise(const Recipe& recipe, const ConfigPlace& place) {
  if (recipe.mixed.is_on() && recipe.weights.bits >= recipe.mixed.high_bits)
    throw_bad_value(recipe.mixed.high_bits, place.child("mixed").child("high_bits"),
                    fmt::format("more than the {} bits of weights.bits", recipe.weights.bits));
}

/// A trellis has symbols of 3 to 5 bits and a scale per channel, its codes are found by GPTQ and cannot move one by one in training.
void require_possible_trellis(const Recipe& recipe, const ConfigPlace& place) {
  const WeightRecipe& weights = recipe.weights;
  if (weights.code != WeightCode::trellis) return;
  if (!is_symbol_width(weights.bits)) throw_bad_value(weights.bits, place.child("weights").child("bits"), "3, 4 or 5 with code: trellis");
  if (weights.granularity != Granularity::channel)
    throw_bad_value(name_in(kGranularityNames, weights.granularity), place.child("weights").child("granularity"),
                    "channel with code: trellis");
  if (weights.rounding != Rounding::gptq)
    throw_bad_value(name_in(kRoundingNames, weights.rounding), place.child("weights").child("rounding"), "gptq with code: trellis");
  if (recipe.distillation.code_rate > 0)
    throw_bad_value(recipe.distillation.code_rate, place.child("distillation").child("code_rate"),
                    "0 with code: trellis, whose codes cannot change one by one");
}

std::vector<std::string> shipped_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(shared_data("recipes")))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

fs::path recipe_file(const std::string& name_or_path) {
  std::error_code ignored;
  const bool looks_like_path = name_or_path.find('/') != std::string::npos || fs::path(name_or_path).has_extension();
  if (looks_like_path && fs::exists(name_or_path, ignored)) return name_or_path;
  const auto names = shipped_names();
  if (std::find(names.begin(), names.end(), name_or_path) != names.end()) return shared_data("recipes/" + name_or_path + ".yaml");
  if (name_or_path.find(',') != std::string::npos)
    throw Error(ErrorKind::usage, fmt::format("unknown recipe: {}: one recipe is expected here; nibble run --recipes {} takes several",
                                              name_or_path, name_or_path));
  throw Error(ErrorKind::usage, fmt::format("unknown recipe: {}: neither a file nor a shipped recipe; shipped are {}{}", name_or_path,
                                            fmt::join(names, ", "), suggestion_for(fs::path(name_or_path).stem().string(), names)));
}

Json rule_to_json(const LayerRule& rule) {
  Json json = {{"match", rule.match}, {"keep_float", rule.keep_float}};
  if (rule.weight_bits) json["weight_bits"] = *rule.weight_bits;
  if (rule.activation_bits) json["activation_bits"] = *rule.activation_bits;
  return json;
}

Json weights_to_json(const WeightRecipe& weights) {
  return {{"bits", weights.bits},
          {"code", name_in(kWeightCodeNames, weights.code)},
          {"granularity", name_in(kGranularityNames, weights.granularity)},
          {"block", weights.block},
          {"narrow", weights.narrow},
          {"reduce_range", weights.reduce_range},
          {"symmetric", weights.symmetric},
          {"scale_search", name_in(kScaleSearchNames, weights.scale_search)},
          {"rounding", name_in(kRoundingNames, weights.rounding)},
          {"damping", weights.damping},
          {"error_propagation", weights.error_propagation},
          {"target_correction", weights.target_correction},
          {"importance", weights.importance},
          {"couple_channels", weights.couple_channels},
          {"restore_gain", weights.restore_gain}};
}

Json distillation_to_json(const DistillationRecipe& distillation) {
  return {{"code_rate", distillation.code_rate},
          {"scale_rate", distillation.scale_rate},
          {"activation_rate", distillation.activation_rate},
          {"bias_rate", distillation.bias_rate},
          {"class_weight", distillation.class_weight},
          {"box_weight", distillation.box_weight},
          {"feature_weight", distillation.feature_weight},
          {"teacher_forcing", distillation.teacher_forcing}};
}

Recipe parse(const Json& json, const ConfigPlace& place) {
  Recipe recipe;
  read_fields(json, place, recipe_keys(recipe));
  if (recipe.name.empty()) throw_bad_value(json, place, "a key 'name'");
  require_possible_trellis(recipe, place);
  require_bits_to_raise(recipe, place);
  return recipe;
}

}  // namespace

Recipe parse_recipe(const Json& json, const std::string& source) { return parse(json, {source, ""}); }

Recipe load_recipe(const std::string& name_or_path) {
  const auto file = recipe_file(name_or_path);
  return parse(file.extension() == ".json" ? read_json(file) : read_yaml(file), {file.filename().string(), "", file});
}

Json to_json(const Recipe& recipe) {
  Json rules = Json::array();
  for (const auto& rule : recipe.rules) rules.push_back(rule_to_json(rule));
  Json json = {{"name", recipe.name},
               {"weights", weights_to_json(recipe.weights)},
               {"activations",
                {{"bits", recipe.activations.bits},
                 {"range", name_in(kRangeNames, recipe.activations.range)},
                 {"percentile", recipe.activations.percentile},
                 {"symmetric", recipe.activations.symmetric}}},
               {"rules", rules},
               {"mixed",
                {{"average_bits", recipe.mixed.average_bits},
                 {"max_bytes", recipe.mixed.max_bytes},
                 {"max_drop", recipe.mixed.max_drop},
                 {"high_bits", recipe.mixed.high_bits},
                 {"images", recipe.mixed.images.value_or(kMixedImages)}}},
               {"distillation", distillation_to_json(recipe.distillation)},
               {"calibration", {{"images", images_wanted(recipe)}, {"views", views_wanted(recipe)}, {"batch", recipe.calibration.batch}}},
               {"bias_correction", recipe.bias_correction},
               {"score_correction", recipe.score_correction},
               {"fp16_files", recipe.fp16_files},
               {"gates", {{"max_map_drop", recipe.max_map_drop}}}};
  if (!recipe.target.empty()) json["target"] = recipe.target;
  return json;
}

std::int64_t images_wanted(const Recipe& recipe) { return recipe.calibration.images.value_or(kCalibrationImages); }
std::int64_t views_wanted(const Recipe& recipe) { return recipe.calibration.views.value_or(1); }

// Linear-time glob: on a mismatch only the latest '*' can take one more character.
bool matches(const std::string& glob, const std::string& name) {
  std::size_t g = 0, n = 0, star = std::string::npos, resume = 0;
  while (n < name.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = n;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == name[n])) {
      ++g, ++n;
    } else if (star != std::string::npos) {
      g = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string::npos;
}

}  // namespace nibble

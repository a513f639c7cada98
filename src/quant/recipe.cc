// SPDX-License-Identifier: Apache-2.0
#include "quant/recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/shared_data.h"
#include "nibble/error.h"
#include "quant/recipe_fields.h"
#include "quant/target.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

const NameList kGranularities = {"tensor", "channel", "block"};
const NameList kScaleSearches = {"max", "mse", "output_mse"};
const NameList kRoundings = {"nearest", "gptq"};
const NameList kRanges = {"minmax", "percentile", "mse"};

template <class Enum>
const std::string& name_in(const NameList& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

void read_activation_bits(const Json& value, const ConfigPlace& place, int& bits) {
  if (value != 0 && value != 8) throw_bad_value(value, place, "0 (float activations) or 8");
  bits = value.get<int>();
}

void read_weights(const Json& json, const ConfigPlace& place, WeightRecipe& weights) {
  const auto block = [&](const Json& value, const ConfigPlace& where) {
    if (value != 16 && value != 32) throw_bad_value(value, where, "16 or 32 input channels per scale");
    weights.block = value.get<std::int64_t>();
  };
  read_fields(json, place,
              {{"bits", int_field(weights.bits, 2, 8)},
               {"granularity", choice_field(weights.granularity, kGranularities)},
               {"block", block},
               {"narrow", flag_field(weights.narrow)},
               {"symmetric", flag_field(weights.symmetric)},
               {"scale_search", choice_field(weights.scale_search, kScaleSearches)},
               {"rounding", choice_field(weights.rounding, kRoundings)},
               {"damping", real_field(weights.damping, 1e-8, 1)},
               {"error_propagation", flag_field(weights.error_propagation)},
               {"target_correction", real_field(weights.target_correction, 0, 1)},
               {"importance", real_field(weights.importance, 0, 1)},
               {"couple_channels", flag_field(weights.couple_channels)},
               {"restore_gain", flag_field(weights.restore_gain)}});
}

void read_activations(const Json& json, const ConfigPlace& place, ActivationRecipe& activations) {
  const auto bits = [&](const Json& value, const ConfigPlace& where) { read_activation_bits(value, where, activations.bits); };
  read_fields(json, place,
              {{"bits", bits},
               {"range", choice_field(activations.range, kRanges)},
               {"percentile", real_field(activations.percentile, 50, 100)},
               {"symmetric", flag_field(activations.symmetric)}});
}

LayerRule read_rule(const Json& json, const ConfigPlace& place) {
  LayerRule rule;
  const auto activation_bits = [&](const Json& value, const ConfigPlace& where) {
    read_activation_bits(value, where, rule.activation_bits.emplace());
  };
  read_fields(json, place,
              {{"match", text_field(rule.match)},
               {"keep_float", flag_field(rule.keep_float)},
               {"weight_bits", optional_int_field(rule.weight_bits, 2, 8)},
               {"activation_bits", activation_bits}});
  if (rule.match.empty()) throw_bad_value(json, place, "a key 'match' with a glob of layer names");
  return rule;
}

void read_rules(const Json& json, const ConfigPlace& place, std::vector<LayerRule>& rules) {
  if (!json.is_array()) throw_bad_value(json, place, "a list of rules");
  for (std::size_t i = 0; i < json.size(); ++i) rules.push_back(read_rule(json[i], place.child(fmt::format("[{}]", i))));
}

void read_calibration(const Json& json, const ConfigPlace& place, CalibrationRecipe& calibration) {
  const auto optional_count = [](std::optional<std::int64_t>& field, std::int64_t most) {
    return [&field, most](const Json& value, const ConfigPlace& where) { count_field(field.emplace(), 1, most)(value, where); };
  };
  read_fields(json, place,
              {{"images", optional_count(calibration.images, 1'000'000)},
               {"views", optional_count(calibration.views, 100)},
               {"batch", count_field(calibration.batch, 1, 1024)}});
}

void read_distillation(const Json& json, const ConfigPlace& place, DistillationRecipe& distillation) {
  read_fields(json, place,
              {{"code_rate", real_field(distillation.code_rate, 0, 1)},
               {"scale_rate", real_field(distillation.scale_rate, 0, 1)},
               {"activation_rate", real_field(distillation.activation_rate, 0, 1)},
               {"bias_rate", real_field(distillation.bias_rate, 0, 1)},
               {"class_weight", real_field(distillation.class_weight, 0, 1000)},
               {"box_weight", real_field(distillation.box_weight, 0, 1000)},
               {"feature_weight", real_field(distillation.feature_weight, 0, 1000)},
               {"teacher_forcing", real_field(distillation.teacher_forcing, 0, 1)}});
}

void read_mixed(const Json& json, const ConfigPlace& place, MixedRecipe& mixed) {
  constexpr std::int64_t kMostBytes = 1'000'000'000'000;
  read_fields(
      json, place,
      {{"average_bits", real_field(mixed.average_bits, 0, 8)},
       {"max_bytes", count_field(mixed.max_bytes, 0, kMostBytes)},
       {"max_drop", real_field(mixed.max_drop, 0, 100)},
       {"high_bits", int_field(mixed.high_bits, 3, 8)},
       {"images", [&](const Json& value, const ConfigPlace& where) { count_field(mixed.images.emplace(), 1, 1024)(value, where); }}});
  if ((mixed.average_bits > 0) + (mixed.max_bytes > 0) + (mixed.max_drop > 0) > 1)
    throw_bad_value(json, place, "one budget: average_bits, max_bytes or max_drop");
}

/// Bits that are raised to no more than they are cost a search for nothing.
void require_bits_to_raise(const Recipe& recipe, const ConfigPlace& place) {
  if (recipe.mixed.is_on() && recipe.weights.bits >= recipe.mixed.high_bits)
    throw_bad_value(recipe.mixed.high_bits, place.child("mixed").child("high_bits"),
                    fmt::format("more than the {} bits of weights.bits", recipe.weights.bits));
}

template <class Read, class Part>
FieldReader part_field(Read read, Part& part) {
  return [read, &part](const Json& json, const ConfigPlace& place) { read(json, place, part); };
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
  throw Error(ErrorKind::usage,
              fmt::format("unknown recipe: {}: neither a file nor a shipped recipe; shipped are {}", name_or_path, fmt::join(names, ", ")));
}

Json rule_to_json(const LayerRule& rule) {
  Json json = {{"match", rule.match}, {"keep_float", rule.keep_float}};
  if (rule.weight_bits) json["weight_bits"] = *rule.weight_bits;
  if (rule.activation_bits) json["activation_bits"] = *rule.activation_bits;
  return json;
}

Json weights_to_json(const WeightRecipe& weights) {
  return {{"bits", weights.bits},
          {"granularity", name_in(kGranularities, weights.granularity)},
          {"block", weights.block},
          {"narrow", weights.narrow},
          {"symmetric", weights.symmetric},
          {"scale_search", name_in(kScaleSearches, weights.scale_search)},
          {"rounding", name_in(kRoundings, weights.rounding)},
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

}  // namespace

Recipe parse_recipe(const Json& json, const std::string& source) {
  Recipe recipe;
  const ConfigPlace place{source, ""};
  const auto gates = [&](const Json& value, const ConfigPlace& where) {
    read_fields(value, where, {{"max_map_drop", real_field(recipe.max_map_drop, 0, 1)}});
  };
  const auto target = [&](const Json& value, const ConfigPlace& where) {
    text_field(recipe.target)(value, where);
    find_target(recipe.target);
  };
  read_fields(json, place,
              {{"name", text_field(recipe.name)},
               {"weights", part_field(read_weights, recipe.weights)},
               {"activations", part_field(read_activations, recipe.activations)},
               {"rules", part_field(read_rules, recipe.rules)},
               {"calibration", part_field(read_calibration, recipe.calibration)},
               {"mixed", part_field(read_mixed, recipe.mixed)},
               {"distillation", part_field(read_distillation, recipe.distillation)},
               {"bias_correction", flag_field(recipe.bias_correction)},
               {"score_correction", flag_field(recipe.score_correction)},
               {"target", target},
               {"fp16_files", flag_field(recipe.fp16_files)},
               {"half_twin", flag_field(recipe.fp16_files)},  // its name in recipes of version 0.1.0
               {"gates", gates}});
  if (recipe.name.empty()) throw_bad_value(json, place, "a key 'name'");
  // The name becomes part of file names.
  if (recipe.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") != std::string::npos || recipe.name.front() == '.')
    throw_bad_value(recipe.name, place.child("name"), "lower-case letters, digits, '-', '_' and '.'");
  require_bits_to_raise(recipe, place);
  return recipe;
}

Recipe load_recipe(const std::string& name_or_path) {
  const auto file = recipe_file(name_or_path);
  return parse_recipe(file.extension() == ".json" ? read_json(file) : read_yaml(file), file.filename().string());
}

Json to_json(const Recipe& recipe) {
  Json rules = Json::array();
  for (const auto& rule : recipe.rules) rules.push_back(rule_to_json(rule));
  Json json = {{"name", recipe.name},
               {"weights", weights_to_json(recipe.weights)},
               {"activations",
                {{"bits", recipe.activations.bits},
                 {"range", name_in(kRanges, recipe.activations.range)},
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

// SPDX-License-Identifier: Apache-2.0
#include "quant/recipe_keys.h"

#include <fmt/format.h>

#include "quant/target.h"

namespace nibble {
namespace {

FieldReader activation_bits_field(int& bits) { return listed_field(bits, {0, 8}, "0 (float activations) or 8"); }

FieldTable weight_keys(WeightRecipe& weights) {
  const auto block = [&weights](const Json& value, const ConfigPlace& place) {
    if (value != 16 && value != 32) throw_bad_value(value, place, "16 or 32 input channels per scale");
    weights.block = value.get<std::int64_t>();
  };
  const auto block_schema = [preset = weights.block] { return Json{{"enum", {16, 32}}, {"default", preset}}; };
  return {{"bits", int_field(weights.bits, 2, 8), "bits of a weight's code"},
          {"code", choice_field(weights.code, kWeightCodeNames),
           "how codes are numbered: each on a uniform grid, or along a trellis of 3 to 5 bits, with half the error (unpack files)"},
          {"granularity", choice_field(weights.granularity, kGranularityNames),
           "what shares a scale: a layer, an output channel, or a block of input channels (INT4 and unpack files only)"},
          {"block", {block, block_schema}, "input channels per scale, with granularity: block"},
          {"narrow", flag_field(weights.narrow), "whether the lowest code is left out: -7..7 for 4 bits"},
          {"reduce_range", flag_field(weights.reduce_range),
           "whether 8-bit weights behind 8-bit activations stay in -64..63, so that processors without VNNI compute them right"},
          {"symmetric", flag_field(weights.symmetric), "whether zero points are 0, as TensorRT demands"},
          {"scale_search", choice_field(weights.scale_search, kScaleSearchNames),
           "how the first scale is chosen: largest weight, least error of the weights, least error of the layer's output"},
          {"rounding", choice_field(weights.rounding, kRoundingNames), "how codes are chosen: the nearest, or GPTQ and refinement"},
          {"damping", real_field(weights.damping, 1e-8, 1), "part of the Hessian's mean diagonal that is added to its diagonal"},
          {"error_propagation", flag_field(weights.error_propagation),
           "whether a layer sees its input as the layers quantised before make it; costs twice the time"},
          {"target_correction", real_field(weights.target_correction, 0, 1),
           "how much of the least-squares repair of the input's errors goes into the weights"},
          {"importance", real_field(weights.importance, 0, 1),
           "part of the samples drawn where the detection head notices errors, at most; less where too few positions would be left"},
          {"couple_channels", flag_field(weights.couple_channels), "whether output channels make up for each other's errors"},
          {"restore_gain", flag_field(weights.restore_gain), "whether scales are corrected so that the output does not fade"}};
}

FieldTable activation_keys(ActivationRecipe& activations) {
  return {{"bits", activation_bits_field(activations.bits), "0: activations stay float; 8: the input of each convolution is quantised"},
          {"range", choice_field(activations.range, kRangeNames), "how the range is chosen: the extremes, a percentile, least error"},
          {"percentile", real_field(activations.percentile, 50, 100), "of the values on both sides, with range: percentile"},
          {"symmetric", flag_field(activations.symmetric), "whether the zero point is 0, as TensorRT demands"}};
}

FieldTable rule_keys(LayerRule& rule) {
  const auto activation_bits = [&rule](const Json& value, const ConfigPlace& place) {
    activation_bits_field(rule.activation_bits.emplace()).read(value, place);
  };
  return {{"match", text_field(rule.match), "a pattern with * and ? for names of convolutions; of all rules the first that fits decides"},
          {"keep_float", flag_field(rule.keep_float), "whether these layers stay float"},
          {"weight_bits", optional_int_field(rule.weight_bits, 2, 8), "bits of their weights; without it as the recipe says"},
          {"activation_bits",
           {activation_bits,
            [] {
              return Json{{"enum", {0, 8}}};
            }},
           "bits of their input; without it as the recipe says"}};
}

FieldReader rules_field(std::vector<LayerRule>& rules) {
  const auto read = [&rules](const Json& json, const ConfigPlace& place) {
    if (!json.is_array()) throw_bad_value(json, place, "a list of rules");
    for (std::size_t i = 0; i < json.size(); ++i) {
      const auto item = place.child(fmt::format("[{}]", i));
      LayerRule rule;
      read_fields(json[i], item, rule_keys(rule));
      if (rule.match.empty()) throw_bad_value(json[i], item, "a key 'match' with a glob of layer names");
      rules.push_back(rule);
    }
  };
  const auto schema = [] {
    LayerRule rule;
    auto item = schema_of(rule_keys(rule));
    item["required"] = {"match"};
    return Json{{"type", "array"}, {"items", item}};
  };
  return {read, schema};
}

FieldTable calibration_keys(CalibrationRecipe& calibration) {
  return {{"images", optional_count_field(calibration.images, 1, 1'000'000),
           "images, at most; without it as --preset says: 40 for fast, 400 for best, else 200"},
          {"views", optional_count_field(calibration.views, 1, 100),
           "of each image: as it is, then mirrored, scaled and moved; without it as --preset says: 2 for best, else 1"},
          {"batch", count_field(calibration.batch, 1, 1024), "images that go through the network at once"}};
}

FieldTable distillation_keys(DistillationRecipe& distillation) {
  return {
      {"code_rate", real_field(distillation.code_rate, 0, 1),
       "training: peak rate of latent codes, in steps of their scale; 0: codes stay, 0.003 turns some within 200 steps"},
      {"scale_rate", real_field(distillation.scale_rate, 0, 1), "training: peak rate of the logarithm of weight scales"},
      {"activation_rate", real_field(distillation.activation_rate, 0, 1), "training: peak rate of the logarithm of activation scales"},
      {"bias_rate", real_field(distillation.bias_rate, 0, 1), "training: peak rate of biases, relative to their size in the layer"},
      {"class_weight", real_field(distillation.class_weight, 0, 1000), "what errors of class scores count, in training and calibration"},
      {"box_weight", real_field(distillation.box_weight, 0, 1000), "what errors of box distributions count, in training and calibration"},
      {"feature_weight", real_field(distillation.feature_weight, 0, 1000), "training: what errors of the convolutions' outputs count"},
      {"teacher_forcing", real_field(distillation.teacher_forcing, 0, 1),
       "training: part of the steps in which the share of the float network's inputs falls from 1 to 0"}};
}

FieldReader mixed_field(MixedRecipe& mixed) {
  constexpr std::int64_t kMostBytes = 1'000'000'000'000;
  const auto one_budget = [&mixed](const Json& json, const ConfigPlace& place) {
    if ((mixed.average_bits > 0) + (mixed.max_bytes > 0) + (mixed.max_drop > 0) > 1)
      throw_bad_value(json, place, "one budget: average_bits, max_bytes or max_drop");
  };
  return mapping_field({{"average_bits", real_field(mixed.average_bits, 0, 8), "bits per weight on average, at most; 0: no such budget"},
                        {"max_bytes", count_field(mixed.max_bytes, 0, kMostBytes), "bytes of the INT4 file, at most; 0: no such budget"},
                        {"max_drop", real_field(mixed.max_drop, 0, 100),
                         "points of the task's main number (mAP 50-95, top-1) below float, at most; 0: no such budget"},
                        {"high_bits", int_field(mixed.high_bits, 3, 8), "bits of the layers that get more"},
                        {"images", optional_count_field(mixed.images, 1, 1024),
                         "images on which the damage of each layer is measured; without it as --preset says: 4 for fast, else 16"}},
                       one_budget);
}

FieldReader target_field(Recipe& recipe) {
  auto name = text_field(recipe.target);
  const auto read = [&recipe, text = name.read](const Json& value, const ConfigPlace& place) {
    text(value, place);
    find_target(recipe.target);
  };
  const auto schema = [] {
    NameList names;
    for (const auto& target : targets()) names.emplace_back(target.name);
    return Json{{"enum", names}};
  };
  return {read, schema};
}

FieldReader name_field(std::string& field) {
  auto name = text_field(field);
  const auto read = [&field, text = name.read](const Json& value, const ConfigPlace& place) {
    text(value, place);
    // The name becomes part of file names.
    if (field.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") != std::string::npos || field.front() == '.')
      throw_bad_value(field, place, "lower-case letters, digits, '-', '_' and '.'");
  };
  return {read, [] { return Json{{"type", "string"}, {"pattern", "^[a-z0-9_-][a-z0-9_.-]*$"}}; }};
}

}  // namespace

FieldTable recipe_keys(Recipe& recipe) {
  return {{"name", name_field(recipe.name), "part of file names: lower-case letters, digits, '-', '_' and '.'"},
          {"weights", mapping_field(weight_keys(recipe.weights)), "weights of the convolutions"},
          {"activations", mapping_field(activation_keys(recipe.activations)), "inputs of the convolutions"},
          {"rules", rules_field(recipe.rules), "exceptions for single layers"},
          {"calibration", mapping_field(calibration_keys(recipe.calibration)), "how much is looked at"},
          {"mixed", mixed_field(recipe.mixed), "more bits for the layers that need them, within one of three budgets"},
          {"distillation", mapping_field(distillation_keys(recipe.distillation)), "how the float network is imitated"},
          {"bias_correction", flag_field(recipe.bias_correction), "whether biases make up for the mean of the errors"},
          {"score_correction", flag_field(recipe.score_correction),
           "whether scores are mapped by a line so that thresholds find as many objects as in the float file"},
          {"target", target_field(recipe), "the consumer of the files, as --target; sets what it demands of the other keys"},
          {"fp16_files", flag_field(recipe.fp16_files), "whether files that compute in FP16 are written too, with float activations"},
          {"half_twin", flag_field(recipe.fp16_files), ""},  // the name of fp16_files in recipes of version 0.1.0
          {"gates",
           mapping_field({{"max_map_drop", real_field(recipe.max_map_drop, 0, 1),
                           "how far the task's main number (mAP 50-95, top-1) may fall below the float file's"}}),
           "what a run holds this recipe's files against"}};
}

Json recipe_schema_json() {
  Recipe recipe;
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "nibble recipe"},
                 {"description", "What nibble quantises to how many bits, and how."}};
  schema.update(schema_of(recipe_keys(recipe)));
  schema["required"] = {"name"};
  return schema;
}

}  // namespace nibble

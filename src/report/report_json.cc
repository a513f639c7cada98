// SPDX-License-Identifier: Apache-2.0
#include "report/report_json.h"

#include "report/task_words.h"

namespace nibble {
namespace {

Json score_to_json(const Score& score) {
  Json json = numbers_json(score);
  json["metrics"] = score.metrics_path;
  if (!score.detections_path.empty()) json["detections"] = score.detections_path;
  if (score.reference_main) json[std::string("reference_") + words_of(score.task).main] = *score.reference_main;
  return json;
}

LevelAgreement level_from_json(const PlacedJson& json) {
  LevelAgreement row;
  row.provider = json.at("provider");
  row.level = json.at("optimizations");
  row.max_score = json.at("max_score");
  row.max_box_px = json.at("max_box_px");
  row.reference_detections = json.at("reference_detections");
  row.detections = json.at("detections");
  row.matched = json.at("matched");
  row.matched_score = json.at("matched_score");
  row.matched_box_px = json.at("matched_box_px");
  return row;
}

QuantizerSteps steps_from_json(const PlacedJson& json) {
  QuantizerSteps steps;
  steps.quantizers = json.at("quantizers");
  steps.differing = json.at("differing");
  steps.largest_steps = json.at("largest_steps");
  steps.same_outputs = json.at("same_outputs");
  const auto first = json.at("first");
  if (first.is_null()) return steps;
  steps.first = first.at("quantizer");
  steps.first_steps = first.at("steps");
  steps.first_share = first.at("share");
  steps.first_is_exact = first.at("exact");
  return steps;
}

}  // namespace

Json numbers_json(const Score& score) {
  const auto& words = words_of(score.task);
  Json json = {{words.main, score.main}, {words.second, score.second}, {"images", score.images}};
  if (const auto found = score.intervals.find(words.main); found != score.intervals.end())
    json[std::string(words.main) + "_interval"] = {found->second.low, found->second.high};
  if (const auto found = score.changes.find(words.main); found != score.changes.end()) {
    json["change"] = found->second.difference;
    if (found->second.interval) json["change_interval"] = {found->second.interval->low, found->second.interval->high};
  }
  return json;
}

Json to_json(const LevelAgreement& row) {
  return {{"provider", row.provider},
          {"optimizations", row.level},
          {"max_score", row.max_score},
          {"max_box_px", row.max_box_px},
          {"reference_detections", row.reference_detections},
          {"detections", row.detections},
          {"matched", row.matched},
          {"matched_score", row.matched_score},
          {"matched_box_px", row.matched_box_px}};
}

Json to_json(const QuantizerSteps& steps) {
  Json json = {{"quantizers", steps.quantizers},
               {"differing", steps.differing},
               {"largest_steps", steps.largest_steps},
               {"first", nullptr},
               {"same_outputs", steps.same_outputs}};
  if (!steps.first.empty())
    json["first"] = {
        {"quantizer", steps.first}, {"steps", steps.first_steps}, {"share", steps.first_share}, {"exact", steps.first_is_exact}};
  return json;
}

Json to_json(const Parity& parity) {
  return {
      {"what", parity.what}, {"max_score", parity.max_score}, {"max_box_px", parity.max_box_px}, {"must_be_equal", parity.must_be_equal}};
}

Json to_json(const RuntimeFacts& facts) {
  Json ops = Json::array(), levels = Json::array();
  for (const auto& op : facts.ops) ops.push_back({{"op", op.op}, {"nodes", op.nodes}, {"share", op.share}});
  for (const auto& row : facts.levels) levels.push_back(to_json(row));
  Json json = {{"nodes_by_provider", facts.nodes_by_provider},
               {"ops", ops},
               {"levels", levels},
               {"steps", to_json(facts.steps)},
               {"time_ratio", nullptr}};
  if (facts.time_ratio) json["time_ratio"] = *facts.time_ratio;
  if (facts.folded_time_ratio) json["folded_time_ratio"] = *facts.folded_time_ratio;
  if (!facts.problem.empty()) json["problem"] = facts.problem;
  return json;
}

RuntimeFacts runtime_facts_from_json(const PlacedJson& json) {
  RuntimeFacts facts;
  for (const auto& [provider, nodes] : json.at("nodes_by_provider").members()) facts.nodes_by_provider[provider] = nodes;
  for (const auto& op : json.at("ops").list()) facts.ops.push_back({op.at("op"), op.at("nodes"), op.at("share")});
  for (const auto& row : json.at("levels").list()) facts.levels.push_back(level_from_json(row));
  facts.steps = steps_from_json(json.at("steps"));
  if (!json.at("time_ratio").is_null()) facts.time_ratio = json.at("time_ratio").get<double>();
  if (json.contains("folded_time_ratio")) facts.folded_time_ratio = json.at("folded_time_ratio").get<double>();
  facts.problem = json.value("problem", "");
  return facts;
}

Json to_json(const ArtifactReport& artifact) {
  Json bits = Json::object();
  for (const auto& [width, layers] : artifact.weight_bits) bits[std::to_string(width)] = layers;
  Json parity = Json::array();
  for (const auto& row : artifact.parity) parity.push_back(to_json(row));
  Json json = {{"name", artifact.name},
               {"recipe", artifact.recipe},
               {"path", artifact.path},
               {"bytes", artifact.bytes},
               {"sha256", artifact.sha256},
               {"loads", artifact.loads},
               {"finite", artifact.finite},
               {"quantize_nodes", artifact.quantize_nodes},
               {"dequantize_nodes", artifact.dequantize_nodes},
               {"layers_by_weight_bits", bits},
               {"parity", parity}};
  if (!artifact.problem.empty()) json["problem"] = artifact.problem;
  if (artifact.score) json["score"] = score_to_json(*artifact.score);
  if (artifact.runtime) json["runtime"] = to_json(*artifact.runtime);
  if (artifact.blame) json["comparison"] = artifact.blame->path;
  return json;
}

Json to_json(const TwinReport& twin) {
  Json json = {{"recipe", twin.recipe},
               {"artifact", twin.artifact},
               {"reference", twin.reference},
               {"equal", twin.difference.empty()},
               {"layers", twin.layers},
               {"integers", twin.codes},
               {"dequantised", twin.weights == 0 ? Json(nullptr) : Json(twin.weights)}};
  if (!twin.difference.empty()) json["difference"] = twin.difference;
  if (twin.outputs) json["outputs"] = to_json(*twin.outputs);
  return json;
}

Json to_json(const RecipeReport& recipe) {
  return {{"name", recipe.name},
          {"max_map_drop", recipe.max_map_drop},
          {"calibration_images", recipe.calibration_images},
          {"quantized_layers", recipe.quantized_layers},
          {"float_layers", recipe.float_layers},
          {"skipped_layers", recipe.skipped_layers},
          {"rounded_with_less", recipe.rounded_with_less}};
}

RecipeReport recipe_report_from_json(const PlacedJson& json) {
  return {json.at("name"),
          json.at("max_map_drop"),
          json.at("calibration_images"),
          json.at("quantized_layers"),
          json.at("float_layers").texts(),
          json.at("skipped_layers").texts(),
          json.contains("rounded_with_less") ? json.at("rounded_with_less").texts() : std::vector<std::string>()};
}

}  // namespace nibble

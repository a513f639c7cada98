// SPDX-License-Identifier: Apache-2.0
#include "report/gates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/json_line.h"
#include "base/yaml_place.h"
#include "nibble/error.h"
#include "report/evidence.h"
#include "report/task_words.h"

namespace nibble {
namespace {

[[noreturn]] void throw_bad_gate(const std::string& source, const std::string& path, const Json& value, const std::string& expected) {
  throw Error(ErrorKind::input,
              fmt::format("bad gate: {}: {}: {} is not allowed; expected {}", yaml_place(source, path), path, json_line(value), expected));
}

std::map<std::string, double> read_shares(const Json& json, const std::string& source, const std::string& path) {
  if (!json.is_object()) throw_bad_gate(source, path, json, "a mapping from recipe to a number");
  std::map<std::string, double> result;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_number() || !(value.get<double>() >= 0 && value.get<double>() <= 1))
      throw_bad_gate(source, path + "." + key, value, "a number from 0 to 1");
    result[key] = value.get<double>();
  }
  return result;
}

const ArtifactReport* scored_baseline(const Report& report) {
  for (const auto& artifact : report.artifacts)
    if (artifact.recipe.empty() && artifact.score) return &artifact;
  return nullptr;
}

GateResult check_loads(const ArtifactReport& artifact) {
  return {"artifact_loads", artifact.name, artifact.loads, artifact.loads ? "loads in ONNX Runtime" : artifact.problem};
}

GateResult check_finite(const ArtifactReport& artifact) {
  return {"outputs_finite", artifact.name, artifact.finite, artifact.finite ? "all outputs finite on random input" : artifact.problem};
}

/// By which probabilities of a classifier may differ where outputs must be equal: 17 roundings of a float near 1. Two sessions with equal
/// weights differed by 3e-8, from the AveragePool on (ONNX Runtime 1.26, optimisations off). All other outputs have to be the same bits.
constexpr double kEqualProbabilities = 1e-6;

void check_parity(const ArtifactReport& artifact, Task task, std::vector<GateResult>& results) {
  const double allowed = task == Task::classify ? kEqualProbabilities : 0;
  for (const auto& parity : artifact.parity) {
    if (!parity.must_be_equal) continue;
    const auto detail =
        allowed > 0 ? fmt::format("{}: probabilities differ by {:.3g} (allowed {:g})", parity.what, parity.max_score, allowed)
                    : fmt::format("{}: scores differ by {:.3g}, boxes by {:.3g} px", parity.what, parity.max_score, parity.max_box_px);
    results.push_back({"outputs_equal", artifact.name, parity.max_score <= allowed && parity.max_box_px == 0, detail});
  }
}

GateResult check_twins(const TwinReport& twin) {
  return {"twins_equal", twin.artifact, twin.difference.empty() && twin.codes > 0,
          twin.difference.empty() ? fmt::format("{} integers as in {}", twin.codes, twin.reference) : twin.difference};
}

GateResult check_skipped(const RecipeReport& recipe, std::int64_t allowed) {
  const auto count = static_cast<std::int64_t>(recipe.skipped_layers.size());
  std::string detail = fmt::format("{} layers quantised, {} skipped (allowed {})", recipe.quantized_layers, count, allowed);
  if (count > 0) detail += ": " + shortened_list(recipe.skipped_layers, "; ");
  return {"no_layer_skipped", recipe.name, count <= allowed && recipe.quantized_layers > 0, detail};
}

GateResult check_rounding(const RecipeReport& recipe, std::int64_t allowed) {
  const auto count = static_cast<std::int64_t>(recipe.rounded_with_less.size());
  std::string detail = fmt::format("{} layers rounded with less information than the recipe says (allowed {})", count, allowed);
  if (count > 0) detail += ": " + shortened_list(recipe.rounded_with_less, "; ");
  return {"layers_rounded_with_less", recipe.name, count <= allowed, detail};
}

GateResult check_bad_data(const Report& report, std::int64_t allowed) {
  const auto count = static_cast<std::int64_t>(report.bad_data.size());
  std::string detail = fmt::format("{} files or labels left out (allowed {})", count, allowed);
  if (count > 0) detail += ": " + shortened_list(report.bad_data, "; ");
  return {"bad_data", "data", count <= allowed, detail};
}

double drop_limit(const Report& report, const std::string& recipe, const GateLimits& limits) {
  if (const auto limit = limits.max_map_drop.find(recipe); limit != limits.max_map_drop.end()) return limit->second;
  const auto found = std::find_if(report.recipes.begin(), report.recipes.end(), [&](const auto& row) { return row.name == recipe; });
  return found == report.recipes.end() ? 0 : found->max_map_drop;
}

std::optional<Interval> drop_interval(const Score& score) {
  const auto change = score.changes.find(words_of(score.task).main);
  if (change == score.changes.end() || !change->second.interval) return std::nullopt;
  return Interval{-change->second.interval->high, -change->second.interval->low};
}

GateResult check_drop(const ArtifactReport& artifact, const ArtifactReport* baseline, double limit, std::int64_t resamples) {
  GateResult result{"map_drop", artifact.name, false, ""};
  const auto* name = words_of(artifact.score->task).main;
  if (!baseline) {
    result.detail = "the baseline was not scored";
  } else if (artifact.score->main < 0 || baseline->score->main < 0) {
    result.detail = fmt::format("{} is undefined: the images hold no ground truth", name);
  } else {
    const double drop = baseline->score->main - artifact.score->main;
    result.detail = fmt::format("{} {:.4f} is {:.4f} {} the baseline's {:.4f} (allowed {:.4f} below)", name, artifact.score->main,
                                std::abs(drop), drop < 0 ? "above" : "below", baseline->score->main, limit);
    judge(result, {drop, drop_interval(*artifact.score), resamples > 0, artifact.score->images}, limit, LimitSide::at_most);
  }
  return result;
}

GateResult check_minimum(const ArtifactReport& artifact, double limit, std::int64_t resamples) {
  const auto& score = *artifact.score;
  GateResult result{"min_map", artifact.name, false,
                    fmt::format("{} {:.4f} (at least {:.4f})", words_of(score.task).main, score.main, limit)};
  Measured measured{score.main, {}, resamples > 0 && score.main >= 0, score.images};
  if (const auto interval = score.intervals.find(words_of(score.task).main); interval != score.intervals.end())
    measured.interval = interval->second;
  judge(result, measured, limit, LimitSide::at_least);
  return result;
}

void check_scores(const Report& report, const GateLimits& limits, std::vector<GateResult>& results) {
  const auto* baseline = scored_baseline(report);
  for (const auto& artifact : report.artifacts) {
    if (!artifact.score) continue;
    if (!artifact.recipe.empty())
      results.push_back(check_drop(artifact, baseline, drop_limit(report, artifact.recipe, limits), report.resamples));
    const auto minimum = limits.min_map.find(artifact.recipe.empty() ? "baseline" : artifact.recipe);
    if (minimum != limits.min_map.end()) results.push_back(check_minimum(artifact, minimum->second, report.resamples));
  }
}

}  // namespace

GateLimits read_gate_limits(const std::filesystem::path& file) {
  const Json json = read_yaml(file);  // JSON is YAML
  const std::string source = file.string();
  if (!json.is_object()) throw_bad_gate(source, "the whole file", json, "a mapping");
  GateLimits limits;
  for (const auto& [key, value] : json.items()) {
    if (key == "max_map_drop") {
      limits.max_map_drop = read_shares(value, source, key);
    } else if (key == "min_map") {
      limits.min_map = read_shares(value, source, key);
    } else if (key == "max_skipped_layers" && value.is_number_integer() && value >= 0) {
      limits.max_skipped_layers = value.get<std::int64_t>();
    } else if (key == "layers_rounded_with_less" && value.is_number_integer() && value >= 0) {
      limits.layers_rounded_with_less = value.get<std::int64_t>();
    } else if (key == "bad_data" && value.is_number_integer() && value >= 0) {
      limits.bad_data = value.get<std::int64_t>();
    } else if (key == "gates" && value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i)
        limits.metrics.push_back(parse_metric_gate(value[i], source, fmt::format("gates[{}]", i)));
    } else {
      throw_bad_gate(source, key, value,
                     "max_map_drop, min_map (mappings), max_skipped_layers, layers_rounded_with_less, bad_data (whole numbers) or gates "
                     "(a list)");
    }
  }
  return limits;
}

Json to_json(const GateLimits& limits) {
  Json json = {{"max_map_drop", limits.max_map_drop},
               {"min_map", limits.min_map},
               {"max_skipped_layers", limits.max_skipped_layers},
               {"layers_rounded_with_less", limits.layers_rounded_with_less}};
  if (limits.bad_data) json["bad_data"] = *limits.bad_data;
  json["gates"] = Json::array();
  for (const auto& gate : limits.metrics) json["gates"].push_back(to_json(gate));
  return json;
}

std::vector<GateResult> check_gates(const Report& report, const GateLimits& limits) {
  std::vector<GateResult> results;
  for (const auto& artifact : report.artifacts) {
    results.push_back(check_loads(artifact));
    results.push_back(check_finite(artifact));
    check_parity(artifact, report.task, results);
  }
  for (const auto& twin : report.twins) results.push_back(check_twins(twin));
  for (const auto& recipe : report.recipes) results.push_back(check_skipped(recipe, limits.max_skipped_layers));
  for (const auto& recipe : report.recipes)
    if (!recipe.rounded_with_less.empty() || limits.layers_rounded_with_less != GateLimits{}.layers_rounded_with_less)
      results.push_back(check_rounding(recipe, limits.layers_rounded_with_less));
  if (limits.bad_data) results.push_back(check_bad_data(report, *limits.bad_data));
  check_scores(report, limits, results);
  for (const auto& gate : limits.metrics) {
    const auto rows = check_metric_gate(gate, report);
    results.insert(results.end(), rows.begin(), rows.end());
  }
  return results;
}

std::string shortened_list(const std::vector<std::string>& items, const std::string& separator) {
  constexpr std::size_t kShown = 3;
  const auto shown = std::min(items.size(), kShown);
  auto text = fmt::format("{}", fmt::join(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(shown), separator));
  if (items.size() > shown) text += fmt::format("{}and {} more", separator, items.size() - shown);
  return text;
}

Json gates_document(const std::vector<GateResult>& gates, const std::string& status, bool strict) {
  Json rows = Json::array();
  std::int64_t failed = 0, undecided = 0;
  for (const auto& gate : gates) {
    failed += gate.passed || gate.undecided ? 0 : 1;
    undecided += gate.undecided ? 1 : 0;
    Json row = {{"gate", gate.gate},
                {"subject", gate.subject},
                {"passed", gate.undecided ? Json(nullptr) : Json(gate.passed)},
                {"outcome", outcome_state(gate)},
                {"detail", gate.detail}};
    if (gate.images_needed > 0) row["images_needed"] = gate.images_needed;
    rows.push_back(row);
  }
  const bool passed = failed == 0 && !(strict && undecided > 0);
  return {{"status", status},       {"passed", status == "done" ? Json(passed) : Json(nullptr)},
          {"strict", strict},       {"failed", failed},
          {"undecided", undecided}, {"gates", rows}};
}

}  // namespace nibble

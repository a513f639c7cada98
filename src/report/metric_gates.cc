// SPDX-License-Identifier: Apache-2.0
#include "report/metric_gates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>

#include "base/json_line.h"
#include "base/yaml_place.h"
#include "nibble/error.h"
#include "report/evidence.h"
#include "report/task_words.h"
#include "report/variant_row.h"

namespace nibble {
namespace {

using Number = std::optional<double>;
struct ExactMetric {
  const char* name;
  std::function<Number(const ArtifactReport&)> value;
};

Number latency(const ArtifactReport& artifact, double Latency::*field) {
  return artifact.score && artifact.score->latency ? Number((*artifact.score->latency).*field) : std::nullopt;
}

/// Of what the baseline sees; a file without objects has none.
Number share_of_objects(const ArtifactReport& artifact, std::int64_t Blame::*field) {
  if (!artifact.blame || artifact.blame->objects == 0) return std::nullopt;
  return static_cast<double>((*artifact.blame).*field) / static_cast<double>(artifact.blame->objects);
}

const std::vector<ExactMetric>& exact_metrics() {
  static const std::vector<ExactMetric> metrics = {
      {"bytes", [](const ArtifactReport& a) { return Number(static_cast<double>(a.bytes)); }},
      {"mean_ms", [](const ArtifactReport& a) { return latency(a, &Latency::mean_ms); }},
      {"median_ms", [](const ArtifactReport& a) { return latency(a, &Latency::median_ms); }},
      {"p90_ms", [](const ArtifactReport& a) { return latency(a, &Latency::p90_ms); }},
      {"throughput_fps", [](const ArtifactReport& a) { return latency(a, &Latency::throughput_fps); }},
      {"time_ratio", [](const ArtifactReport& a) { return a.runtime ? a.runtime->time_ratio : std::nullopt; }},
      {"found_share", [](const ArtifactReport& a) { return share_of_objects(a, &Blame::found); }},
      {"missed_share", [](const ArtifactReport& a) { return share_of_objects(a, &Blame::missed); }},
  };
  return metrics;
}

const char* name_of(GateCompare compare) {
  constexpr std::array<const char*, 3> kNames = {"value", "difference", "ratio"};
  return kNames.at(static_cast<std::size_t>(compare));
}

[[noreturn]] void refuse(const std::string& source, const std::string& path, const Json& value, const std::string& expected) {
  throw Error(ErrorKind::input,
              fmt::format("bad gate: {}: {}: {} is not allowed; expected {}", yaml_place(source, path), path, json_line(value), expected));
}

GateCompare parse_compare(const Json& value, const std::string& source, const std::string& path) {
  for (const auto compare : {GateCompare::value, GateCompare::difference, GateCompare::ratio})
    if (value == name_of(compare)) return compare;
  refuse(source, path, value, "value, difference or ratio");
}

std::optional<Measured> sampled(const MetricGate& gate, const ArtifactReport& artifact, const Report& report) {
  if (!artifact.score) return std::nullopt;
  const auto& score = *artifact.score;
  Measured measured{0, {}, report.resamples > 0, score.images};
  if (gate.compare == GateCompare::value) {
    const auto value = score.numbers.find(gate.metric);
    if (value == score.numbers.end()) return std::nullopt;
    measured.value = value->second;
    if (const auto interval = score.intervals.find(gate.metric); interval != score.intervals.end()) measured.interval = interval->second;
    return measured;
  }
  const auto change = score.changes.find(gate.metric);
  if (change == score.changes.end()) return std::nullopt;
  const bool is_ratio = gate.compare == GateCompare::ratio;
  if (is_ratio && !change->second.ratio) return std::nullopt;
  measured.value = is_ratio ? *change->second.ratio : change->second.difference;
  measured.interval = is_ratio ? change->second.ratio_interval : change->second.interval;
  return measured;
}

std::optional<Measured> exact(const MetricGate& gate, const ArtifactReport& artifact, const Report& report) {
  const auto& metrics = exact_metrics();
  const auto metric = std::find_if(metrics.begin(), metrics.end(), [&](const auto& row) { return gate.metric == row.name; });
  const auto value = metric->value(artifact);
  if (!value) return std::nullopt;
  if (gate.compare == GateCompare::value) return Measured{*value};
  const auto* baseline = baseline_of(report);
  const auto against = baseline ? metric->value(*baseline) : std::nullopt;
  if (!against || (gate.compare == GateCompare::ratio && !(*against > 0))) return std::nullopt;
  return Measured{gate.compare == GateCompare::ratio ? *value / *against : *value - *against};
}

std::string title_of(const MetricGate& gate) {
  return gate.compare == GateCompare::value ? gate.metric : fmt::format("{} {}", gate.metric, name_of(gate.compare));
}

std::string number_text(double value) { return std::abs(value) >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.4f}", value); }

GateResult held_against(const MetricGate& gate, const std::string& name, const Measured& measured, double limit, LimitSide side) {
  GateResult result{
      title_of(gate), name, false,
      fmt::format("{} ({} {})", number_text(measured.value), side == LimitSide::at_least ? "at least" : "at most", number_text(limit))};
  judge(result, measured, limit, side);
  return result;
}

}  // namespace

std::vector<std::string> gate_metrics() {
  std::vector<std::string> names;
  for (const auto& group : number_groups())
    for (const auto* name : group.numbers) names.push_back(number_name(group.name, name));
  for (const auto& metric : exact_metrics()) names.emplace_back(metric.name);
  return names;
}

MetricGate parse_metric_gate(const Json& json, const std::string& source, const std::string& path) {
  if (!json.is_object()) refuse(source, path, json, "a mapping with metric, and at_least or at_most");
  MetricGate gate;
  for (const auto& [key, value] : json.items()) {
    const auto place = path + "." + key;
    if (key == "metric" && value.is_string()) {
      gate.metric = value.get<std::string>();
    } else if (key == "variant" && value.is_string()) {
      gate.variant = value.get<std::string>();
    } else if (key == "compare") {
      gate.compare = parse_compare(value, source, place);
    } else if (key == "at_least" && value.is_number()) {
      gate.at_least = value.get<double>();
    } else if (key == "at_most" && value.is_number()) {
      gate.at_most = value.get<double>();
    } else {
      refuse(source, place, value, "metric, variant, compare (texts), at_least or at_most (numbers)");
    }
  }
  const auto names = gate_metrics();
  if (std::find(names.begin(), names.end(), gate.metric) == names.end())
    refuse(source, path + ".metric", gate.metric, fmt::format("one of {}", fmt::join(names, ", ")));
  if (!gate.at_least && !gate.at_most) refuse(source, path, json, "at_least or at_most");
  return gate;
}

Json to_json(const MetricGate& gate) {
  Json json = {{"metric", gate.metric}, {"variant", gate.variant}, {"compare", name_of(gate.compare)}};
  if (gate.at_least) json["at_least"] = *gate.at_least;
  if (gate.at_most) json["at_most"] = *gate.at_most;
  return json;
}

std::vector<GateResult> check_metric_gate(const MetricGate& gate, const Report& report) {
  std::vector<GateResult> results;
  const auto* baseline = baseline_of(report);
  for (const auto& artifact : report.artifacts) {
    if (!fits(artifact.name, gate.variant) || (gate.compare != GateCompare::value && &artifact == baseline)) continue;
    const auto measured = is_sampled(gate.metric) ? sampled(gate, artifact, report) : exact(gate, artifact, report);
    if (!measured) continue;
    if (gate.at_least) results.push_back(held_against(gate, artifact.name, *measured, *gate.at_least, LimitSide::at_least));
    if (gate.at_most) results.push_back(held_against(gate, artifact.name, *measured, *gate.at_most, LimitSide::at_most));
  }
  if (results.empty())
    results.push_back({title_of(gate), gate.variant, false, "no file of this name has such a number: misspelt, not scored, or undefined"});
  return results;
}

bool fits(const std::string& text, const std::string& pattern) {
  // Greedy with one point to go back to: time is at most the product of the lengths.
  std::size_t t = 0, p = 0, star = std::string::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || (pattern[p] == text[t] && pattern[p] != '*'))) {
      ++t;
      ++p;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (star != std::string::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string::npos;
}

}  // namespace nibble

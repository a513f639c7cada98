// SPDX-License-Identifier: Apache-2.0
// Gates: limits that a run is held against. A gate that fails makes the exit code 1.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "nibble/report.h"
#include "report/metric_gates.h"

namespace nibble {

/// The limits that --gates FILE may set, as YAML or JSON:
///   max_map_drop: {w4a16: 0.08}     for each recipe, 0..1; a recipe that is not named keeps its own limit
///   min_map: {baseline: 0.4}        for each recipe, or for "baseline", 0..1; one that is not named has none
///   max_skipped_layers: 0           for each recipe
///   layers_rounded_with_less: 0     for each recipe: layers whose statistics could not be used as the recipe says
///   bad_data: 0                     images and labels that may be left out (--on-bad-data); without it any number
///   gates: [{metric: mAP_50, variant: "w4a16-*", compare: difference, at_least: -0.02}]    report/metric_gates.h
struct GateLimits {
  std::map<std::string, double> max_map_drop;
  std::map<std::string, double> min_map;
  std::int64_t max_skipped_layers = 0;
  std::int64_t layers_rounded_with_less = 0;
  std::optional<std::int64_t> bad_data;
  std::vector<MetricGate> metrics;
};

/// Error(input) naming file, key and what is allowed.
GateLimits read_gate_limits(const std::filesystem::path& file);

/// Such a file's content, every limit written out.
Json to_json(const GateLimits& limits);

/// Holds a report against all gates, in this order: each file loads, its outputs are finite and equal what they must equal; twins hold the
/// same integers; no more layers of a recipe than allowed were skipped or rounded with less
/// information, and no more bad data left out; each scored file's mAP_50_95 is no
/// further below the baseline's than its recipe or `limits` allow, and not below its minimum; then the gates on metrics. A number that is
/// undefined fails its gate; one whose interval holds the limit leaves it undecided (report/evidence.h).
std::vector<GateResult> check_gates(const Report& report, const GateLimits& limits);

/// The first three items and how many more there are: "a; b; c; and 79 more".
std::string shortened_list(const std::vector<std::string>& items, const std::string& separator);

/// gates.json. `passed` is null unless the run is "done": what was not finished is not held against gates. `strict`: as
/// RunOptions::strict_gates.
Json gates_document(const std::vector<GateResult>& gates, const std::string& status = "done", bool strict = false);

}  // namespace nibble

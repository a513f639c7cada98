// SPDX-License-Identifier: Apache-2.0
// Gates: claims a run must meet; one that fails makes the exit code 1.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "nibble/report.h"

namespace nibble {

/// What --gates FILE may change. YAML or JSON:
///   max_map_drop: {w4a16: 0.08}     by recipe; the recipe's own limit otherwise
///   min_map: {baseline: 0.4}        by recipe, or "baseline"; none otherwise
///   max_skipped_layers: 0
///   bad_data: 0                     images and labels that may be left out (--on-bad-data); any number otherwise
struct GateLimits {
  std::map<std::string, double> max_map_drop;
  std::map<std::string, double> min_map;
  std::int64_t max_skipped_layers = 0;
  std::optional<std::int64_t> bad_data;
};

/// Error(input) naming file, key and what is allowed.
GateLimits read_gate_limits(const std::filesystem::path& file);

/// All gates of a report, in order: each artefact loads, is finite and equals
/// what it must equal, no layer of a recipe was skipped, no more bad data than allowed, each scored
/// artefact's mAP_50_95 is within its recipe's drop from the baseline's. Undefined numbers fail.
std::vector<GateResult> judge(const Report& report, const GateLimits& limits);

/// The first three and how many more there are: "a; b; c; and 79 more".
std::string shortened_list(const std::vector<std::string>& items, const std::string& separator);

/// gates.json. `passed` is null unless the run is "done": what was not finished was not judged.
Json gates_document(const std::vector<GateResult>& gates, const std::string& status = "done");

}  // namespace nibble

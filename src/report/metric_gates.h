// SPDX-License-Identifier: Apache-2.0
// Gates on any number of a file, absolute or against the baseline: the list `gates` of a file of gates.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "nibble/report.h"

namespace nibble {

/// What of the number is held against the limit: itself, or its difference or ratio to the FP32 baseline's.
enum class GateCompare { value, difference, ratio };

struct MetricGate {
  std::string metric;         ///< a name of gate_metrics()
  std::string variant = "*";  ///< of the files' names ("w4a16-unpack-ptq"); * stands for any text, ? for one letter
  GateCompare compare = GateCompare::value;
  std::optional<double> at_least, at_most;  ///< at least one of them
};

/// The names that a gate may have as metric: the numbers of metrics.json, which have intervals ("mAP_50", "masks.mAP_50",
/// "keypoints.AP_50", "top_1"), and exact ones.
std::vector<std::string> gate_metrics();

/// An entry of the list. Error(input) naming `source`, `path` and what is allowed.
MetricGate parse_metric_gate(const Json& json, const std::string& source, const std::string& path);
Json to_json(const MetricGate& gate);

/// One result for each file whose name fits and that has the number; without one, a single failed result, so that a misspelt gate does not
/// pass. Against the baseline, the baseline itself is left out.
std::vector<GateResult> check_metric_gate(const MetricGate& gate, const Report& report);

/// Whether `text` is like `pattern`, where * stands for any text and ? for one letter.
bool fits(const std::string& text, const std::string& pattern);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The rows on what the runtime does with a file, for summary.md and report.html. Every cell is text, so that both say the same.
#pragma once
#include <string>
#include <vector>

#include "nibble/report.h"

namespace nibble {

/// How one level of graph optimisation agrees with none.
struct LevelCell {
  std::string where;  ///< "cpu basic"
  std::string found;  ///< "the same 5", "4 of 5 again, 6 found"
  bool same = false;
};

struct RuntimeRow {
  std::string name;
  /// Time against the float baseline: "0.70", or "1.52 (0.99 with session.disable_quant_qdq=1)"; "-" where there is no baseline.
  std::string time_ratio;
  std::string nodes;      ///< "410 on CPUExecutionProvider"
  std::string operators;  ///< the most expensive ones: "32 % QLinearConv, 10 % Conv"
  std::vector<LevelCell> levels;
  std::string steps;    ///< how the codes of its activation quantisers agree, as steps_text says it
  std::string problem;  ///< why the other cells are empty; empty itself where they are not
};

/// "no activation is quantised"; "83 quantisers, 71 with other codes, at most 1 step"; "..., 12 steps; the first beyond one step:
/// model.4.cv1.conv.input.QuantizeLinear (3 steps, 0.02 % of its codes)".
std::string steps_text(const QuantizerSteps& steps);

/// One row for every file that was profiled, in the report's order.
std::vector<RuntimeRow> runtime_rows(const Report& report);

}  // namespace nibble

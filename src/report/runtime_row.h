// SPDX-License-Identifier: Apache-2.0
// What the runtime does with a file, in summary.md and report.html: every cell as text, so that both say the same.
#pragma once
#include <string>
#include <vector>

#include "nibble/report.h"

namespace nibble {

/// One level of optimisation against none.
struct LevelCell {
  std::string where;  ///< "cpu basic"
  std::string found;  ///< "the same 5", "4 of 5 again, 6 found"
  bool same = false;
};

struct RuntimeRow {
  std::string name;
  std::string time_ratio;  ///< "0.70"; "1.52 (0.99 with session.disable_quant_qdq=1)"; "-": no baseline
  std::string nodes;       ///< "410 on CPUExecutionProvider"
  std::string operators;   ///< the most expensive ones: "32 % QLinearConv, 10 % Conv"
  std::vector<LevelCell> levels;
  std::string steps;    ///< of its activation quantisers
  std::string problem;  ///< why there are no facts; empty: there are
};

/// "no activation is quantised"; "83 quantisers, 71 with other codes, at most 1 step"; "..., 12 steps; the first beyond one step:
/// model.4.cv1.conv.input.QuantizeLinear (3 steps, 0.02 % of its codes)".
std::string steps_text(const QuantizerSteps& steps);

/// Of every file that was looked at, in the report's order.
std::vector<RuntimeRow> runtime_rows(const Report& report);

}  // namespace nibble

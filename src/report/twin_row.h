// SPDX-License-Identifier: Apache-2.0
// The rows on the proof that two files hold the same weights, for summary.md and report.html. Every cell is text, so that both say the
// same.
#pragma once
#include <string>
#include <vector>

#include "nibble/report.h"

namespace nibble {

struct TwinRow {
  std::string artifact, reference;
  std::string compared;  ///< "10 integers and 12 dequantised numbers of 3 layers"
  std::string result;    ///< "equal bit for bit", or the first difference
  bool equal = false;
  std::string outputs;  ///< largest differences of the outputs, "0 in scores and 0 px"; empty where they were not compared
};

/// One row for every pair, in the report's order.
std::vector<TwinRow> twin_rows(const Report& report);

}  // namespace nibble

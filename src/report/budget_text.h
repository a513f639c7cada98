// SPDX-License-Identifier: Apache-2.0
// The budget of a layers document (docs/formats.md) in words.
#pragma once
#include <string>
#include <vector>

#include "base/placed_json.h"
#include "nibble/quantize.h"
#include "nibble/task.h"

namespace nibble {

/// Lines without full stops that say what was allowed, what was chosen, what the judge was, and what was tried.
std::vector<std::string> budget_lines(const BudgetReport& budget, Task task);

/// From a layers document's `budget`. Error(input) naming what is missing.
BudgetReport budget_report_from_json(const PlacedJson& budget);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The budget of a layers document (docs/formats.md) in words.
#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "nibble/quantize.h"

namespace nibble {

/// What was allowed and chosen, by what it was judged, what was tried: a line each, without full stops.
std::vector<std::string> budget_lines(const BudgetReport& budget);

/// From a layers document's `budget`. Error(input) naming what is missing.
BudgetReport budget_report_from_json(const Json& budget);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The budget of a layers document (docs/formats.md) in words.
#pragma once
#include <string>
#include <vector>

#include "base/json.h"

namespace nibble {

/// What was allowed and chosen, by what it was judged, what was tried: a line each, without full stops.
std::vector<std::string> budget_lines(const Json& budget);

}  // namespace nibble

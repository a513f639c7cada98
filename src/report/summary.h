// SPDX-License-Identifier: Apache-2.0
// summary.md: one table, the data used, the gates, the caveats.
#pragma once
#include <string>
#include <vector>

#include "nibble/report.h"

namespace nibble {

/// The text as Markdown. Numbers that were not measured are "-".
std::string summary_markdown(const Report& report);

/// The lines of it that state scores, intervals, sizes and gates, to look for them in a summary of somebody else.
std::vector<std::string> summary_claims(const Report& report);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// summary.md: one table, the data used, the gates, the caveats.
#pragma once
#include <string>

#include "nibble/report.h"

namespace nibble {

/// The text as Markdown. Numbers that were not measured are "-".
std::string summary_markdown(const Report& report);

}  // namespace nibble

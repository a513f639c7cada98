// SPDX-License-Identifier: Apache-2.0
// What the page of a run shows, read from its directory.
#pragma once
#include <filesystem>

#include "report/html/report_html.h"

namespace nibble {

/// Reads what stands in the run directory `root`, complete or not. `manifest` is the content of its run.json.
HtmlInput gather_html_input(const std::filesystem::path& root, const Report& report, const Json& manifest);

}  // namespace nibble

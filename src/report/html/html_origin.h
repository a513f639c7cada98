// SPDX-License-Identifier: Apache-2.0
// Where a report's numbers come from, as values for the template of report.html.
#pragma once
#include <string>
#include <vector>

#include "report/html/report_html.h"

namespace nibble {

/// [{name, value}]: machine, libraries, provider.
Json environment_rows(const HtmlInput& input);

/// Lines about images and the checkpoint.
Json data_lines(const HtmlInput& input);

/// A command line that a shell splits into the same words.
std::string shell_text(const std::vector<std::string>& words);

/// A relative path as the value of href: only letters, digits, "/-._~" unescaped, so it can name no other place.
std::string relative_link(const std::string& path);

/// "**a** b" as [{text: "a", strong: true}, {text: " b", strong: false}].
Json emphasis_parts(const std::string& text);

}  // namespace nibble

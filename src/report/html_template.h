// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace nibble {

/// The page of report.html as a mustache template, style included. Nothing is loaded from elsewhere, nothing is a script.
const std::string& report_template();

/// Its section on what the quantised files lose (html_template_blame.cc).
const char* blame_template();

}  // namespace nibble

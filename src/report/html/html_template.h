// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace nibble {

/// The page of report.html as a mustache template, style included. Nothing is loaded from elsewhere, nothing is a script.
const std::string& report_template();

/// Its section on what the quantised files lose (html_template_blame.cc).
const char* blame_template();

/// Its sections on the runtime and on twins (html_template_runtime.cc).
const char* runtime_template();

/// Its section on intervals (html_intervals.cc).
const char* intervals_template();

/// Its section on trainings (html_template_training.cc).
const char* training_template();

}  // namespace nibble

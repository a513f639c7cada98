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

/// What its style adds for dark screens, phones, keyboards and paper (html_style.cc).
const char* adaptive_style();

/// Its sections on the verdict, on pictures, on accuracy, size and time, and on classes (html_template_pictures.cc).
const char* verdict_template();
const char* pictures_template();
const char* distributions_template();
const char* class_changes_template();
/// Its section on intervals (html_intervals.cc).
const char* intervals_template();

/// Its section on trainings (html_template_training.cc).
const char* training_template();

}  // namespace nibble

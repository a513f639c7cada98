// SPDX-License-Identifier: Apache-2.0
// The rows on files in summary.md and report.html. Every cell is text, so that both say the same.
#pragma once
#include <string>
#include <vector>

#include "nibble/report.h"

namespace nibble {

/// The cells of one file: Score::main and Score::second, and for tasks with boxes besides their mAP 50-95. "-" stands for what was not
/// measured, "undefined" for what there was no ground truth to measure on.
struct VariantRow {
  std::string name, main, change, second, boxes, mean_ms, p90_ms, providers, size, ratio, path;
};

/// Whether models of the task have boxes beside what they are judged by.
bool has_boxes_besides(Task task);

/// One row for every file, in the report's order. Change and ratio are against the FP32 baseline.
std::vector<VariantRow> variant_rows(const Report& report);

/// The first file without a recipe, or null where there is none.
const ArtifactReport* baseline_of(const Report& report);

/// A number of 0..1 as text, "0.4162"; "undefined" where it is below 0.
std::string share_text(double value);

/// `value` minus `baseline` with its sign, "-0.0600"; "undefined" where either is.
std::string change_text(double baseline, double value);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The row of a file in summary.md and report.html: every cell as text, so that both say the same.
#pragma once
#include <string>
#include <vector>

#include "nibble/report.h"

namespace nibble {

/// "-": not measured; "undefined": no ground truth to measure it on.
struct VariantRow {
  std::string name, map_50_95, change, map_50, mean_ms, p90_ms, providers, size, ratio, path;
};

/// In the report's order. Change and ratio are against the FP32 baseline.
std::vector<VariantRow> variant_rows(const Report& report);

/// First artefact without a recipe, or null.
const ArtifactReport* baseline_of(const Report& report);

/// "0.4162"; "undefined" below 0.
std::string share_text(double value);

/// "-0.0600"; "undefined" when either is.
std::string change_text(double baseline, double value);

}  // namespace nibble

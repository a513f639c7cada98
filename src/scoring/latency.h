// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "nibble/report.h"

namespace nibble {

/// Statistics of single run times. Median and 90th percentile interpolate between neighbours, as NumPy's default:
/// {1, 2, 3, 4} has median 2.5 and p90 3.7. Error(internal) without any.
Latency summarize_latency(std::vector<double> run_ms);

}  // namespace nibble

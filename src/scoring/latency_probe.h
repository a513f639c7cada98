// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/progress.h"
#include "nibble/report.h"
#include "ort/session.h"

namespace nibble {

inline constexpr std::int64_t kWarmupRuns = 10;
inline constexpr std::int64_t kMeasuredRuns = 50;

/// Times runs of one input after warm-up; pre- and post-processing are not in it.
Latency measure_latency(const Session& session, const Tensor& input, const std::string& title, Progress& progress);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// What metrics.json says of how a file was scored.
#pragma once
#include "eval/detection.h"
#include "nibble/options.h"
#include "report/metrics_json.h"
#include "scoring/detector_file.h"

namespace nibble {

/// What every task has in common: session, threads, warm-up and image size. Names of files, their number and the head are left to the
/// caller.
MetricsSettings score_settings(const DetectorFile& file, const RuntimeOptions& runtime, bool optimize, bool skip_latency);

/// Adds how outputs were decoded to boxes.
void take_decoding(MetricsSettings& settings, const DecodeOptions& decode);

}  // namespace nibble

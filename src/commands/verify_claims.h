// SPDX-License-Identifier: Apache-2.0
// The claims of a run directory, one kind after the other. Each function appends what it found; what it cannot read is a broken claim, and
// what no run writes is Error(input).
#pragma once
#include <vector>

#include "nibble/progress.h"
#include "nibble/verify.h"
#include "run/run_record.h"
#include "run/untrusted_run.h"

namespace nibble {

using Checks = std::vector<Check>;

/// The size and hash of every file that the manifest lists, of every ONNX file among the artifacts, and files that nothing lists.
void check_hashes(const UntrustedRun& run, Checks& checks, Progress& progress);

/// Numbers, intervals and changes of every metrics.json, computed again from the detections and the ground truth that lie there, and what
/// run.json says of them. The report of `record` has the numbers found afterwards.
void check_scores(const UntrustedRun& run, RunRecord& record, Checks& checks, Progress& progress);

/// Whether the saved ground truth is what the annotations say, where those are at hand: in `annotations`, or where the run had them.
void check_ground_truth(const UntrustedRun& run, const std::filesystem::path& annotations, Checks& checks);

/// The integers and weights of every pair of twins, compared again.
void check_twins(const UntrustedRun& run, const RunRecord& record, Checks& checks, Progress& progress);

/// The gates, held against the numbers found again; and the tables of summary.md.
void check_gates_and_summary(const UntrustedRun& run, const RunRecord& record, Checks& checks);

/// Every scored file run on the images again.
void check_by_scoring(const UntrustedRun& run, const RunRecord& record, const VerifyOptions& options, Checks& checks, Progress& progress);

}  // namespace nibble

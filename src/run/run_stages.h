// SPDX-License-Identifier: Apache-2.0
// The stages of a run. Each leaves finished, recorded files and rows in the report, and skips what an earlier attempt
// finished (--resume).
#pragma once
#include "run/run_journal.h"
#include "run/run_plan.h"

namespace nibble {

/// Float files, checked and compared; scores the FP32 one.
Detector make_baseline(const RunPlan& plan, RunJournal& journal);

/// A recipe's files: calibrated, written, proven equal, checked and compared; scores the one that ships.
void make_quantized(const RunPlan& plan, const Recipe& recipe, const Detector& baseline, RunJournal& journal);

}  // namespace nibble

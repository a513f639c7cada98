// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "run/run_journal.h"
#include "run/run_plan.h"

namespace nibble {

/// What speaks against the calibration images of a run becomes caveats, what they amount to a line under "Data". Needs the float
/// baseline; nothing in a smoke run. The recipe with the most images stands for all: their sources are the same.
void check_run_calibration(const RunPlan& plan, RunJournal& journal);

}  // namespace nibble

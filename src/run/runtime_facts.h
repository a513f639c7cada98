// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "run/run_journal.h"

namespace nibble {

/// Sets ArtifactReport::runtime of every scored file of the run, and of INT4 files beside them: what ran where, its optimisation levels on
/// the first image, and its time, in turns with the FP32 baseline. Read back where an earlier attempt left
/// them (--resume).
void observe_runtime(const RunPlan& plan, RunJournal& journal);

}  // namespace nibble

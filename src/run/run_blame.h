// SPDX-License-Identifier: Apache-2.0
// Where a quantised file of a run differs from its float baseline.
#pragma once
#include <vector>

#include "eval/detection.h"
#include "nibble/report.h"
#include "run/run_journal.h"
#include "run/run_plan.h"

namespace nibble {

/// Of a file of the run on its scored images; detected anew where an earlier attempt scored it.
const std::vector<Detection>& seen_detections(const RunPlan& plan, RunJournal& journal, const ArtifactReport& artifact);

/// Writes compare.json (docs/formats.md) beside the file's metrics unless an earlier attempt left it, and fills `artifact.blame`.
/// Nothing for a file or a baseline without a score, nor for tasks other than detection. Layers on the first two scored images; parts are
/// not tried.
void blame_artifact(const RunPlan& plan, RunJournal& journal, ArtifactReport& artifact, const std::string& method);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Pictures and precision-recall curves of a quantised file beside its float baseline.
#pragma once
#include <string>
#include <vector>

#include "eval/task_drift.h"
#include "nibble/report.h"
#include "run/run_journal.h"
#include "run/run_plan.h"

namespace nibble {

/// Beside the file's comparison, unless an earlier attempt left them: pictures.json, the pictures it names (pictures/changed-1.jpg, ...,
/// pictures/typical-1.jpg, ...; docs/formats.md). Drawn from the detections that were scored.
void draw_changes(const RunPlan& plan, RunJournal& journal, const ArtifactReport& baseline, const ArtifactReport& artifact,
                  const std::string& method);

/// The same of another task: masks, skeletons, turned boxes or class bars, drawn from `images`, one of each scored image.
/// They are drawn anew.
void draw_changes(const RunPlan& plan, RunJournal& journal, const ArtifactReport& baseline, const ArtifactReport& artifact,
                  const std::string& method, const std::vector<ComparedImage>& images);

/// curves.json beside them, by what the task is judged by, from the detections that were scored, unless an earlier attempt left it. Of
/// classifiers there is none: they are not asked where anything is.
void write_curves(const RunPlan& plan, RunJournal& journal, const ArtifactReport& baseline, const ArtifactReport& artifact,
                  const std::string& method);

/// Whether an earlier attempt left the pictures.
bool has_pictures(const RunPlan& plan, RunJournal& journal, const ArtifactReport& baseline, const ArtifactReport& artifact,
                  const std::string& method);

}  // namespace nibble

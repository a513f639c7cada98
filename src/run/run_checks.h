// SPDX-License-Identifier: Apache-2.0
// What every file of a run goes through, float, calibrated or trained: loading, twins, parity, scores, blame. Rows and proofs end in the
// journal's report; what an earlier attempt scored is not scored again.
#pragma once
#include <functional>
#include <string>

#include "artifacts/artifact_check.h"
#include "base/tensor.h"
#include "nibble/report.h"
#include "run/run_journal.h"
#include "run/run_plan.h"

namespace nibble {

ArtifactId id_of(RunJournal& journal, const std::string& name, const std::string& recipe, const std::string& path);

/// The first scored image, or random numbers (--smoke), as the network takes it.
Tensor probe_for(const RunPlan& plan, RunJournal& journal);

/// Scores a file, unless --smoke; `metrics_name`: its metrics file by suffix ("", "reference").
using MetricsName = std::function<std::string(const std::string& suffix)>;
void score_artifact(const RunPlan& plan, RunJournal& journal, ArtifactReport& artifact, const MetricsName& metrics_name);

/// The files of a recipe by one way to find the numbers, "ptq" or "qat".
struct RunVariant {
  const Recipe& recipe;
  std::string method;
};
/// Checks, proves, compares and scores them.
void check_and_score(const RunPlan& plan, const RunVariant& variant, RunJournal& journal);

}  // namespace nibble

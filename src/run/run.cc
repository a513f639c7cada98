// SPDX-License-Identifier: Apache-2.0
// The main job, one pass: checkpoint -> baseline -> per recipe: calibrate, write, check, score,
// perhaps train and again -> report and gates.
#include "nibble/run.h"

#include <fmt/format.h>

#include "base/output_path.h"
#include "base/watched_progress.h"
#include "calibration/image_duties.h"
#include "nibble/error.h"
#include "nibble/unwritten.h"
#include "run/run_calibration_check.h"
#include "run/run_journal.h"
#include "run/run_plan.h"
#include "run/run_stages.h"
#include "run/run_training.h"
#include "run/runtime_facts.h"

namespace nibble {

RunResult run(const RunOptions& options, Progress& listener) {
  check_paths(paths_of(options));
  WatchedProgress progress(listener);
  const auto crew = meet_crew(image_duties());
  if (!crew) return {};
  RunPlan plan = plan_run(options);
  plan.processes = crew->processes();
  RunJournal journal(plan, progress);
  try {
    journal.begin();
    const Detector baseline = make_baseline(plan, journal);
    check_run_calibration(plan, journal);
    const RunTrainings trainings = open_run_trainings(plan, baseline, journal);
    for (const Recipe& recipe : plan.recipes) {
      make_quantized(plan, recipe, baseline, journal);
      if (const auto images = trainings.find(recipe.name); images != trainings.end())
        make_trained(plan, recipe, baseline, images->second, journal);
    }
    observe_runtime(plan, journal);
    return journal.conclude();
  } catch (const Error& reason) {
    journal.break_off(reason);
    if (reason.kind() == ErrorKind::environment && journal.has_scores()) throw UnwrittenResult(reason, journal.summary_so_far());
    if (reason.kind() != ErrorKind::interrupted) throw;
    throw Error(ErrorKind::interrupted, fmt::format("{}; continue with --runs-dir {} --run-id {} --resume", reason.what(),
                                                    plan.options.runs_dir.string(), plan.options.run_id));
  } catch (const std::exception& reason) {
    journal.break_off(reason);
    throw;
  }
}

}  // namespace nibble

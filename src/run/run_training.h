// SPDX-License-Identifier: Apache-2.0
// run --qat: recipes that are trained after they were calibrated.
#pragma once
#include <map>
#include <string>

#include "run/run_journal.h"
#include "run/run_plan.h"
#include "training/qat_training.h"

namespace nibble {

/// By recipe; only those that are trained.
using RunTrainings = std::map<std::string, QatImages>;

bool is_trained(const RunPlan& plan, const Recipe& recipe);

QatPlaces run_training_places(const Recipe& recipe, const RunDirectory& directory);

/// Opens the images before anything is calibrated, and says in report and manifest which they are. Errors as open_qat_images.
RunTrainings open_run_trainings(const RunPlan& plan, const Detector& baseline, RunJournal& journal);

/// A recipe's trained files, from the state its calibration left: trained (a training that was broken off goes on), written, then
/// checked as the others.
void make_trained(const RunPlan& plan, const Recipe& recipe, const Detector& baseline, const QatImages& images, RunJournal& journal);

}  // namespace nibble

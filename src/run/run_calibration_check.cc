// SPDX-License-Identifier: Apache-2.0
#include "run/run_calibration_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/content_index.h"
#include "calibration/calibration_check.h"

namespace nibble {
namespace {

const CalibrationSet& largest_set(const RunPlan& plan) {
  const auto found = std::max_element(plan.calibration.begin(), plan.calibration.end(),
                                      [](const auto& a, const auto& b) { return a.second.files.size() < b.second.files.size(); });
  return found->second;
}

std::string data_line(const Convergence& c) {
  const auto enough = c.recommended > 0 ? fmt::format("{} images are enough", c.recommended) : "more images than 1024 would be needed";
  return fmt::format(
      "calibration statistics: for a sampling error of {:.0f} % in the worst tenth of the layers {} (nibble doctor --calib "
      "shows the table)",
      100 * kEnough, enough);
}

}  // namespace

void check_run_calibration(const RunPlan& plan, RunJournal& journal) {
  if (plan.options.smoke || plan.calibration.empty()) return;
  const auto& set = largest_set(plan);
  CalibrationFindings findings;
  findings.source = set.name;
  findings.images = survey_images(set.files, "look at calibration images", journal.progress());
  findings.scored = survey_images(image_paths(plan.evaluation), "look at scored images", journal.progress());
  find_copies(findings);
  // The same files, by content, are a caveat of the plan already.
  ContentIndex scored(image_paths(plan.evaluation));
  std::erase_if(findings.also_scored, [&](const Copy& copy) { return scored.contains(findings.images[copy.first].file); });
  measure_on(journal.directory().path(plan.names.baseline("fp32")), kStatisticsImages, plan.options.runtime, journal.progress(), findings);
  if (findings.convergence) journal.report().data.push_back(data_line(*findings.convergence));
  for (auto& line : objections_to(findings)) journal.report().caveats.push_back(std::move(line));
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "run/run_calibration_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/content_index.h"
#include "base/files.h"
#include "calibration/calibration_check.h"
#include "run/computing_key.h"

namespace nibble {
namespace {

/// What the report says of the calibration images.
struct ToldFindings {
  std::vector<std::string> data, caveats;
};

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

ToldFindings check(const RunPlan& plan, const CalibrationSet& set, RunJournal& journal) {
  CalibrationFindings findings;
  findings.source = set.name;
  findings.images = survey_images(set.files, "look at calibration images", journal.progress());
  findings.scored = survey_images(image_paths(plan.evaluation), "look at scored images", journal.progress());
  find_copies(findings);
  // The same files, by content, are a caveat of the plan already.
  ContentIndex scored(image_paths(plan.evaluation));
  std::erase_if(findings.also_scored, [&](const Copy& copy) { return scored.contains(findings.images[copy.first].file); });
  measure_on(journal.directory().path(plan.names.baseline("fp32")), kStatisticsImages, plan.options.runtime, journal.progress(), findings);
  ToldFindings told{{}, objections_to(findings)};
  if (findings.convergence) told.data.push_back(data_line(*findings.convergence));
  return told;
}

/// The images by names and content, spare ones among them, and how many of them calibrate; the float file by content.
std::string key_of_check(const RunPlan& plan, const CalibrationSet& set, const RunDirectory& directory) {
  return key_of({{"source", set.name},
                 {"count", set.files.size()},
                 {"images", directory.sha256_of_recorded(RunNames::kImages)},
                 {"float_file", directory.sha256_of_recorded(plan.names.baseline("fp32"))},
                 {"computing", computing_key(plan.options.runtime)}});
}

}  // namespace

void check_run_calibration(const RunPlan& plan, RunJournal& journal) {
  if (plan.options.smoke || plan.calibration.empty()) return;
  const auto& set = largest_set(plan);
  auto& directory = journal.directory();
  const auto key = key_of_check(plan, set, directory);
  if (!directory.has(RunNames::kCalibrationCheck, key)) {
    const auto found = check(plan, set, journal);
    write_json(directory.path(RunNames::kCalibrationCheck), {{"data", found.data}, {"caveats", found.caveats}});
    directory.record(RunNames::kCalibrationCheck, key);
  }
  const auto told = read_earlier_json(directory.path(RunNames::kCalibrationCheck));
  auto& report = journal.report();
  for (auto& line : told.at("data").texts()) report.data.push_back(std::move(line));
  for (auto& line : told.at("caveats").texts()) report.caveats.push_back(std::move(line));
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "report/training_text.h"

#include <fmt/format.h>

namespace nibble {

std::string training_text(const TrainingReport& report, const std::string& number) {
  std::string text = fmt::format("{}: {} steps on {} images", report.recipe, report.steps, report.images);
  if (report.stopped_early) text += ", stopped early";
  if (report.rollbacks > 0) text += fmt::format(", diverged and went back {} times", report.rollbacks);
  text += fmt::format("; {} on {} held-out images{}: {:.4f} calibrated, {:.4f} trained", number, report.held_out_images,
                      report.has_labels ? "" : " (against the float network)", report.initial_score, report.best_score);
  return text + (report.best_epoch < 0 ? " (no epoch was better: the calibrated weights were kept)" : "");
}

Json to_json(const TrainingReport& report) {
  return {{"recipe", report.recipe},
          {"steps", report.steps},
          {"images", report.images},
          {"held_out_images", report.held_out_images},
          {"labels", report.has_labels},
          {"initial_score", report.initial_score},
          {"best_score", report.best_score},
          {"best_epoch", report.best_epoch},
          {"stopped_early", report.stopped_early},
          {"rollbacks", report.rollbacks},
          {"curve", report.curve_path}};
}

TrainingReport training_report_from_json(const PlacedJson& json) {
  return {json.at("recipe"),        json.at("steps"),         json.at("images"),     json.at("held_out_images"),
          json.at("labels"),        json.at("initial_score"), json.at("best_score"), json.at("best_epoch"),
          json.at("stopped_early"), json.at("rollbacks"),     json.at("curve")};
}

}  // namespace nibble

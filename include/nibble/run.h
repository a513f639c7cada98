// SPDX-License-Identifier: Apache-2.0
// The main job: float baseline, quantised files, COCO scores, summary and gates in one directory.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nibble/image_size.h"
#include "nibble/options.h"
#include "nibble/progress.h"
#include "nibble/report.h"
#include "nibble/visibility.h"

namespace nibble {

struct RunOptions {
  std::filesystem::path checkpoint;                      ///< An Ultralytics checkpoint (.pt); empty: the embedded one.
  std::vector<std::string> recipes = {"w4a16", "w4a8"};  ///< Shipped names or .yaml files.
  std::string target;                                    ///< As QuantizeOptions::target, of each recipe.
  std::string preset = "default";                        ///< How much work: "fast", "default", "best".
  std::filesystem::path calibration;                     ///< A folder, a list of paths or a data.yaml; empty: the embedded images.
  std::optional<std::int64_t> calibration_images;        ///< At most so many of them; empty: as many as the recipe says.
  BudgetOptions budget;                                  ///< Of each recipe.
  std::vector<std::string> qat;                          ///< Which of the recipes are also trained.
  std::filesystem::path qat_data;                        ///< Training images, as QatOptions::data; empty: the calibration images.
  std::filesystem::path qat_images;                      ///< The folder that file names of a COCO file are relative to.
  QatCourse qat_course;
  DataOptions data;               ///< Empty: the embedded images. Without max_images and image_ids_list, the first 100 are scored.
  std::string head = "one2many";  ///< What output0 is, as ExportOptions::head.
  /// Height and width of the input in pixels; empty: what the checkpoint was trained at, 640 where it does not say.
  std::optional<ImageSize> image_size;
  std::filesystem::path runs_dir;  ///< Empty: tmp/<model>_<recipes>; for w4a16 and w4a8 together, tmp/<model>_brevitas_w4a8_w4a16.
  std::string run_id;              ///< Name of the run directory; empty: the time, UTC.
  std::filesystem::path gates;     ///< YAML file of limits other than the recipes' (docs/formats.md); empty: none.
  bool strict_gates = false;       ///< A gate without enough evidence counts as one that failed.
  std::filesystem::path junit;     ///< The gates as JUnit XML to write, for CI systems; empty: none.
  std::int64_t resamples =
      kDefaultResamples;             ///< Drawn for intervals (nibble/intervals.h); 0: none, and gates compare numbers as they are.
  bool resume = false;               ///< Continue the run `run_id`: what it finished is kept where its hash is right.
  bool smoke = false;                ///< Random input goes through every file, and nothing is scored.
  bool reference = false;            ///< Score with the runtime's graph optimisations off as well.
  std::vector<std::string> command;  ///< The command line, for the manifest.
  RuntimeOptions runtime;
};
struct RunResult {
  std::filesystem::path directory;  ///< The run directory (docs/formats.md), with summary.md and report.html.
  Report report;                    ///< What they say, as data.
  bool strict_gates = false;        ///< As RunOptions::strict_gates.
  /// Whether the run may be shipped: no gate failed, and with strict_gates none is undecided.
  bool accepted() const { return report.gates_passed() && !(strict_gates && report.undecided_gates() > 0); }
};
/// Throws Error(interrupted) where it was stopped, with a run directory that RunOptions::resume goes on from. A gate that fails is a row of
/// the report and no error.
NIBBLE_EXPORT RunResult run(const RunOptions& options, Progress& progress);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// A run made again from its manifest, by somebody else or elsewhere.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "nibble/options.h"
#include "nibble/progress.h"
#include "nibble/run.h"
#include "nibble/visibility.h"

namespace nibble {

struct ReplayOptions {
  std::filesystem::path run_dir;  ///< The run directory to make again; everything in it is untrusted.
  std::filesystem::path output;   ///< The run directory to make; it must not be there yet.
  /// Where inputs lie here, if not where they did. Each is known by its hash: `model` may be the checkpoint or a folder that it is in,
  /// `calibration` and `images` folders with the images.
  std::filesystem::path model, images, annotations, calibration, qat_data, qat_images;
  bool allow_other_inputs = false;  ///< Go on with inputs of other content; each is named among the reasons.
  int threads = 0;                  ///< 0: as many as the run had.
  std::string provider;             ///< Empty: the run's.
};

/// One file of both runs.
struct ReplayedFile {
  enum class Outcome {
    same_bytes,
    same_codes,  ///< ONNX files: other bytes, the same integers in every layer.
    different,
    missing,  ///< Only one of the runs has it.
  };
  std::string path;  ///< Relative to the run directories.
  Outcome outcome = Outcome::same_bytes;
  std::string detail;  ///< What differs.
};
struct ReplayedScore {
  std::string name;              ///< Of the ONNX file.
  double before = 0, after = 0;  ///< mAP_50_95; -1: undefined or not scored.
};
struct ReplayResult {
  RunResult run;                    ///< The new run.
  std::vector<ReplayedFile> files;  ///< ONNX files, recipes and calibration records. Times, logs and pages differ always and are left out.
  std::vector<ReplayedScore> scores;
  std::vector<std::string> reasons;  ///< What was not the same: versions, processor, threads, images. Any of them can change last digits.
  /// All files are equal byte for byte, and all scores are equal.
  bool same() const {
    for (const auto& file : files)
      if (file.outcome != ReplayedFile::Outcome::same_bytes) return false;
    for (const auto& score : scores)
      if (score.before != score.after) return false;
    return true;
  }
};
/// Makes the run again with the recipes, images, seed and threads of its manifest and compares. Throws Error(input) for a run directory
/// that cannot be read, and for inputs that are not found or have other content (without allow_other_inputs), naming the option that says
/// where they are.
NIBBLE_EXPORT ReplayResult replay(const ReplayOptions& options, Progress& progress);

}  // namespace nibble

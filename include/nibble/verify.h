// SPDX-License-Identifier: Apache-2.0
// A run directory checked by somebody who did not make it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "nibble/options.h"
#include "nibble/progress.h"
#include "nibble/visibility.h"

namespace nibble {

struct VerifyOptions {
  std::filesystem::path run_dir;      ///< A finished run directory; everything in it is untrusted.
  bool score = false;                 ///< Also run every scored file on the images again.
  std::filesystem::path images;       ///< The folder of images for `score`; empty: where the run had them.
  std::filesystem::path annotations;  ///< The run's annotations; empty: where the run had them. They are known by their hash.
  std::filesystem::path json;         ///< File to write the checks to; empty: none.
  RuntimeOptions runtime;             ///< For `score`; the provider and the session options are the run's.
};

enum class CheckOutcome {
  holds,
  broken,       ///< The claim is not true of what lies there.
  not_checked,  ///< It could not be looked at, and the detail says why.
};
inline const char* name_of(CheckOutcome outcome) {
  return outcome == CheckOutcome::holds ? "holds" : outcome == CheckOutcome::broken ? "broken" : "not checked";
}
struct Check {
  std::string
      what;  ///< "hash", "unlisted file", "detections", "score", "interval", "twins", "gate", "summary", "record", "images", "score again".
  std::string subject;  ///< A path in the run directory, a file's name or a gate.
  CheckOutcome outcome = CheckOutcome::holds;
  std::string detail;  ///< What was found.
};
struct VerifyResult {
  std::filesystem::path directory;
  std::string model;
  std::vector<Check> checks;
  std::int64_t count(CheckOutcome outcome) const {
    std::int64_t found = 0;
    for (const auto& check : checks) found += check.outcome == outcome ? 1 : 0;
    return found;
  }
  /// No claim is broken.
  bool holds() const { return count(CheckOutcome::broken) == 0; }
};
/// Checks the hash of every file that run.json lists, computes all COCO numbers, intervals and changes again from the saved detections and
/// ground truth, compares the twins' integers again, holds the results against the saved gates again, and compares what run.json,
/// gates.json and summary.md say with that. report.html, times and logs cannot be derived and are checked by their hash alone. Throws
/// Error(input) for a folder that is no finished run of this version's format, or that holds what a run never writes: paths out of the
/// folder, links, files beyond the limits of docs/formats.md.
NIBBLE_EXPORT VerifyResult verify(const VerifyOptions& options, Progress& progress);

}  // namespace nibble

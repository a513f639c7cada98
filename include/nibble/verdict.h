// SPDX-License-Identifier: Apache-2.0
// What a run comes to: which of its files to take for what, and what is lost, in words.
#pragma once
#include <string>
#include <vector>

#include "nibble/report.h"
#include "nibble/visibility.h"

namespace nibble {

struct Recommendation {
  std::string purpose;   ///< "smallest", "fastest in ONNX Runtime", "most accurate", "TensorRT and other readers of Q/DQ".
  std::string artifact;  ///< ArtifactReport::name; empty: no file is recommended, and `reason` says why.
  std::string path;      ///< Of the file, relative to the run directory.
  std::string reason;    ///< One sentence with what was measured.
};

/// What became of what the float model sees, for one file.
struct Loss {
  std::string artifact;  ///< ArtifactReport::name.
  std::string sentence;  ///< "Of 140 objects that the float model sees, 127 are found again, 12 fell below the confidence of 0.25 and 1 was
                         ///< missed."
};

struct Verdict {
  std::vector<Recommendation> recommendations;  ///< Empty where nothing was scored.
  std::vector<Loss> losses;                     ///< Of the files that were compared with the float one, in the report's order.
};

/// Computed from what the report holds, nothing else. Only files are recommended that load, give finite numbers, have a score of their own
/// or the very outputs of a scored one (TwinReport), lose no more mAP than their recipe or the run's gates allow, and failed no gate of
/// Report::gates; where there is none, the one recommendation says so. A better file that failed a gate is named in the reason, and so is
/// a gate on the recommended file for which there is not enough evidence.
NIBBLE_EXPORT Verdict verdict_of(const Report& report);

}  // namespace nibble
